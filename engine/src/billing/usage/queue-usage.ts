/** Puts usage on the queue: checked as if it were stored at once, answered when all of it is on the queue, stored by a worker. */
import type { Principal } from "../../auth/principal.ts";
import type { Context } from "../../context.ts";
import { examine, type Usage } from "./ingest.ts";
import { queuedEvent } from "./queued-event.ts";

/** How many were queued. All are, or it throws. */
export async function queueUsage(ctx: Context, principal: Principal, usage: Usage): Promise<number> {
  const events = await examine(ctx, principal, usage);
  if (events.length > 0) await ctx.usageQueue.put(events.map(queuedEvent));
  return events.length;
}
