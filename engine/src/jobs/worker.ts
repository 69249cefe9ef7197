/** Runs jobs. Any number of workers may, in any number of processes. */
import { EventEmitter } from "node:events";
import { type JobHelpers, Logger, parseCrontab, run, type WorkerEvents } from "graphile-worker";
import pg from "pg";
import type { Context } from "../context.ts";
import { observed } from "../telemetry/job.ts";
import { runNoted } from "./noted.ts";
import { startPresence } from "./presence.ts";
import { CRONTAB, TASKS } from "./tasks.ts";
import { worksOn } from "./works-on.ts";

export interface Worker {
  /** Lets running jobs end, then stops. */
  stop(): Promise<void>;
}

export async function startWorker(ctx: Context, connectionString: string): Promise<Worker> {
  const log = ctx.log;
  // The library does not wait for the end of a pool of its own, nor listens to it then: a server that stops right after kills the process.
  const pool = new pg.Pool({ connectionString, max: 5, application_name: "billwright jobs" });
  let stopping = false;
  const onError = (error: Error) => {
    if (!stopping) log.warn({ err: error, part: "jobs" }, "a database connection was lost");
  };
  pool.on("error", onError);
  pool.on("connect", (client) => client.on("error", onError));
  const events = new EventEmitter() as WorkerEvents;
  let name: string | null = null;
  events.on("pool:create", ({ workerPool }) => {
    name = workerPool.id;
  });
  const runner = await run({
    events,
    pgPool: pool,
    concurrency: 4,
    pollInterval: 1_000,
    noHandleSignals: true,
    parsedCronItems: parseCrontab(CRONTAB).filter(({ task }) => worksOn(ctx.config, task)),
    logger: new Logger(() => (level, message) => {
      if (level === "error") log.error({ part: "jobs" }, message);
      else if (level === "warning") log.warn({ part: "jobs" }, message);
      else log.trace({ part: "jobs" }, message);
    }),
    taskList: Object.fromEntries(
      Object.entries(TASKS)
        .filter(([name]) => worksOn(ctx.config, name))
        .map(([name, task]) => [name, (_payload: unknown, { job }: JobHelpers) => runNoted(ctx, name, observed(name, task), job)]),
    ),
  });
  ctx.life.worker = "running";
  const lost = (error?: unknown) => {
    if (stopping) return;
    ctx.life.worker = "lost";
    log.error({ err: error, part: "jobs" }, "the job worker stopped");
  };
  runner.promise.then(() => lost(), lost);
  const presence = startPresence(
    connectionString,
    () => name,
    (workers) => log.warn({ workers, part: "jobs" }, "jobs of workers that are gone were freed"),
  );
  return {
    stop: async () => {
      stopping = true;
      await runner.stop();
      await presence.end();
      await pool.end();
    },
  };
}
