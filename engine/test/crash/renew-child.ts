/** A worker of the invoice run as its own process, to be killed: `node renew-child.ts DATABASE_URL CLOCK_ID NOW[,NOW…] CHUNK`. */
import { renewDue } from "../../src/billing/subscriptions/renew.ts";
import { createBillwright } from "../../src/engine.ts";

const [database, testClockId, now, chunk] = process.argv.slice(2) as [string, string, string, string];
const billing = await createBillwright({ database, worker: false, config: { logLevel: "silent", databasePoolSize: 2 } });
process.stdout.write("ready\n");
let moved = 0;
for (const at of now.split(",")) {
  moved += await renewDue(billing.ctx, { now: Number(at), testClockId, chunk: Number(chunk) }, (count) =>
    process.stdout.write(`${count}\n`),
  );
}
await billing.close();
process.stdout.write(`done ${moved}\n`);
