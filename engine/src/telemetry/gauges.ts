/** What is read of a running engine when somebody asks for its metrics. */
import type { Context } from "../context.ts";
import { onPlatform } from "../db/pool.ts";
import { gauge, type Tally } from "./tally.ts";

export function gaugesOf(ctx: Context): Tally[] {
  const one = (value: number) => [{ labels: {}, value }];
  const queue = async () => {
    const [state] = await onPlatform(ctx.pool).query<{ waiting: number; oldest_seconds: number }>(
      "/* no tenant: the queue's own tables */ select waiting, oldest_seconds from queue_state()",
    );
    return state!;
  };
  const circuits = () =>
    [ctx.redis.shared, ctx.redis.events]
      .filter((redis, index, all) => redis !== null && all.indexOf(redis) === index)
      .map((redis, index) => ({ labels: { use: index === 0 ? "shared" : "events" }, value: redis!.state().circuit === "closed" ? 0 : 1 }));
  return [
    gauge("billing_queue_waiting_jobs", "Jobs that are due and that nobody works on yet; counted up to 1,001.", async () =>
      one(Number((await queue()).waiting)),
    ),
    gauge("billing_queue_oldest_job_seconds", "How long the oldest job has been due.", async () =>
      one(Number((await queue()).oldest_seconds)),
    ),
    gauge("billing_streams_open", "Live streams of events that are open here.", () => one(ctx.timeline.counts().streams)),
    gauge("billing_database_connections", "Connections of this process to PostgreSQL, and who waits for one.", () => [
      { labels: { state: "open" }, value: ctx.pool.totalCount },
      { labels: { state: "idle" }, value: ctx.pool.idleCount },
      { labels: { state: "waited_for" }, value: ctx.pool.waitingCount },
    ]),
    gauge("billing_redis_circuit_open", "1 while Redis is not asked, since it did not answer.", circuits),
  ];
}
