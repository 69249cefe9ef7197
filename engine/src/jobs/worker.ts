/** Runs jobs. Any number of workers may, in any number of processes. */
import { Logger, parseCrontab, run } from "graphile-worker";
import type { Context } from "../context.ts";
import { CRONTAB, TASKS } from "./tasks.ts";

export interface Worker {
  /** Lets running jobs end, then stops. */
  stop(): Promise<void>;
}

export async function startWorker(ctx: Context, connectionString: string): Promise<Worker> {
  const log = ctx.log;
  const runner = await run({
    connectionString,
    concurrency: 4,
    pollInterval: 1_000,
    maxPoolSize: 5,
    noHandleSignals: true,
    parsedCronItems: parseCrontab(CRONTAB),
    logger: new Logger(() => (level, message) => {
      if (level === "error") log.error({ part: "jobs" }, message);
      else if (level === "warning") log.warn({ part: "jobs" }, message);
      else log.trace({ part: "jobs" }, message);
    }),
    taskList: Object.fromEntries(
      Object.entries(TASKS).map(([name, task]) => [
        name,
        async (payload: unknown) => task(ctx, (payload ?? {}) as Record<string, unknown>),
      ]),
    ),
  });
  runner.promise.catch((error: unknown) => log.error({ err: error, part: "jobs" }, "the job worker stopped"));
  return { stop: () => runner.stop() };
}
