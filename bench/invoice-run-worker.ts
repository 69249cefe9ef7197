/** One worker of the invoice run, as its own process: waits for `go`, works until nothing is due or its share is done. */
import { once } from "node:events";
import { renewDue } from "../engine/src/billing/subscriptions/renew.ts";
import { createBillwright } from "../engine/src/engine.ts";

const [database, now, limit] = process.argv.slice(2) as [string, string, string];
const billing = await createBillwright({ database, worker: false, config: { logLevel: "error", databasePoolSize: 3 } });
console.log("ready");
await once(process.stdin, "data");
let peak = 0;
const note = () => {
  peak = Math.max(peak, process.memoryUsage().rss);
};
const share = limit === "" ? Number.POSITIVE_INFINITY : Number(limit);
const done = await renewDue(billing.ctx, { now: Number(now), testClockId: null }, note, (moved) => moved >= share);
console.log(JSON.stringify({ done, peakMiB: Math.round(peak / 1_048_576) }));
process.stdin.destroy();
await billing.close();
