/** Runs a task and notes how it went: the library forgets a job that is done. */
import type { Job } from "graphile-worker";
import { stopwatch } from "../clock.ts";
import type { Context } from "../context.ts";
import { noteRun } from "./store.ts";
import type { Task } from "./task.ts";

export async function runNoted(ctx: Context, name: string, task: Task, job: Job): Promise<void> {
  const startedAt = ctx.clock.now();
  const time = stopwatch();
  let failure: Error | null = null;
  try {
    await task(ctx, (job.payload ?? {}) as Record<string, unknown>);
  } catch (error) {
    failure = error as Error;
  }
  const run = {
    jobId: job.id,
    attempt: job.attempts,
    name,
    key: job.key,
    worker: job.locked_by,
    error: failure?.message.slice(0, 2_000) ?? null,
    createdAt: job.created_at.getTime(),
    startedAt,
    finishedAt: ctx.clock.now(),
    durationMs: Math.ceil(time()),
  };
  // A note that is lost is no reason to run it again.
  await noteRun(ctx.pool, run).catch((error: Error) => ctx.log.warn({ err: error, part: "jobs", job: name }, "a run could not be noted"));
  if (failure) throw failure;
}
