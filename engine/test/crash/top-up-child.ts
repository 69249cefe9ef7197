/** A worker of automatic top-up as its own process, to be killed: `node top-up-child.ts DATABASE_URL CLOCK_ID NOW`. */
import { topUpDue } from "../../src/billing/invoices/top-up.ts";
import { collectDue } from "../../src/billing/payments/collect.ts";
import { createBillwright } from "../../src/engine.ts";

const [database, testClockId, now] = process.argv.slice(2) as [string, string, string];
const billing = await createBillwright({ database, worker: false, config: { logLevel: "silent", databasePoolSize: 3 } });
process.stdout.write("ready\n");
await Promise.all([topUpDue(billing.ctx, { now: Number(now), testClockId }), collectDue(billing.ctx, { testClockId })]);
await collectDue(billing.ctx, { testClockId });
await billing.close();
process.stdout.write("done\n");
