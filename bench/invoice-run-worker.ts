/** One worker of the invoice run, as its own process: waits for `go`, works until nothing is due or its share is done. */
import { once } from "node:events";
import { ENGINE } from "../engine/src/auth/principal.ts";
import { renewChunk } from "../engine/src/billing/subscriptions/renew.ts";
import { commit } from "../engine/src/commit.ts";
import { createBillwright } from "../engine/src/engine.ts";

const [database, now, limit] = process.argv.slice(2) as [string, string, string];
const billing = await createBillwright({ database, worker: false, config: { logLevel: "error", databasePoolSize: 2 } });
console.log("ready");
await once(process.stdin, "data");
let done = 0;
let peak = 0;
for (;;) {
  const moved = await commit(billing.ctx, { principal: ENGINE, now: Number(now) }, (tx) =>
    renewChunk(tx, { now: Number(now), testClockId: null }),
  );
  done += moved;
  peak = Math.max(peak, process.memoryUsage().rss);
  if (moved === 0 || (limit !== "" && done >= Number(limit))) break;
}
console.log(JSON.stringify({ done, peakMiB: Math.round(peak / 1_048_576) }));
process.stdin.destroy();
await billing.close();
