/** A process that sends webhooks, to be killed: `node sender-child.ts DATABASE_URL`. */
import { createBillwright } from "../../src/engine.ts";
import { TEST_SECRET_KEYS } from "../world.ts";

const billing = await createBillwright({
  database: process.argv[2]!,
  worker: false,
  config: {
    logLevel: "silent",
    databasePoolSize: 4,
    secretKeys: TEST_SECRET_KEYS,
    webhooks: { allowPrivate: ["127.0.0.0/8"], timeoutMs: 5_000, disableAfterDays: 5 },
  },
});
billing.ctx.webhooks.start();
process.stdout.write("ready\n");
