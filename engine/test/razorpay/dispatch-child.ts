/** A worker of inbound events as its own process, to be killed: `node dispatch-child.ts DATABASE_URL`. */
import { createBillwright } from "../../src/engine.ts";
import { dispatchInbound } from "../../src/webhooks/inbound/dispatch.ts";

const billing = await createBillwright({ database: process.argv[2]!, worker: false, config: { logLevel: "silent", databasePoolSize: 4 } });
process.stdout.write("ready\n");
await dispatchInbound(billing.ctx);
await billing.close();
process.stdout.write("done\n");
