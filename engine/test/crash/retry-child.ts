/** A worker of the retries as its own process, to be killed: `node retry-child.ts DATABASE_URL CLOCK_ID NOW`. */
import { retryDue } from "../../src/billing/invoices/retry.ts";
import { collectDue } from "../../src/billing/payments/collect.ts";
import { createBillwright } from "../../src/engine.ts";

const [database, testClockId, now] = process.argv.slice(2) as [string, string, string];
const billing = await createBillwright({ database, worker: false, config: { logLevel: "silent", databasePoolSize: 4 } });
process.stdout.write("ready\n");
await retryDue(billing.ctx, { now: Number(now), testClockId });
await collectDue(billing.ctx, { testClockId });
await billing.close();
process.stdout.write("done\n");
