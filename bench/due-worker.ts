/** One worker of the sweep over what is due, as its own process: waits for `go`, works until nothing is due or its share is done. */
import { once } from "node:events";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { renewDue } from "../engine/src/billing/subscriptions/renew.ts";
import { createBillwright } from "../engine/src/engine.ts";

const [database, now, limit] = process.argv.slice(2) as [string, string, string];
const billing = await createBillwright({ database, worker: false, config: { logLevel: "error", databasePoolSize: 3 } });
console.log("ready");
await once(process.stdin, "data");
const share = limit === "" ? Number.POSITIVE_INFINITY : Number(limit);
const done = await renewDue(billing.ctx, { now: Number(now), testClockId: null }, undefined, (moved) => moved >= share);
// The system's own record of the peak, in KiB. V8 lets garbage lie while there is room: what the work keeps hold of is what is
// left after a collection.
const peakMiB = Math.round(process.resourceUsage().maxRSS / 1_024);
console.log(JSON.stringify({ done, peakMiB }));
setFlagsFromString("--expose-gc");
runInNewContext("gc")();
console.log(JSON.stringify({ keptMiB: Math.round(process.memoryUsage().heapUsed / 1_048_576) }));
process.stdin.destroy();
await billing.close();
