/** SQL of jobs as the operator sees them: those that are there, and what became of the others. */

import { formatInstant, type Instant } from "../billing/time/instant.ts";
import { type Database, onPlatform, type Pool } from "../db/pool.ts";
import { toJson } from "../http/json.ts";
import type { JobRequest } from "./queue.ts";

export const JOB_STATES = ["queued", "scheduled", "running", "failed", "dead", "succeeded"] as const;
export type JobState = (typeof JOB_STATES)[number];

export interface JobRow {
  id: bigint;
  name: string;
  state: JobState;
  key: string | null;
  payload: unknown;
  attempts: number;
  max_attempts: number | null;
  last_error: string | null;
  created_at: Instant;
  run_at: Instant | null;
  started_at: Instant | null;
  finished_at: Instant | null;
  duration_ms: number | null;
  worker: string | null;
}

/** Its number. */
export async function writeJob(db: Database, { name, payload, key, runAt, maxAttempts }: JobRequest): Promise<bigint> {
  const rows = await db.query<{ id: bigint }>("/* no tenant: the queue's own tables */ select enqueue_job($1, $2, $3, $4, $5) as id", [
    name,
    toJson(payload ?? {}),
    runAt === undefined ? null : formatInstant(runAt),
    key ?? null,
    maxAttempts ?? null,
  ]);
  return rows[0]!.id;
}

export interface JobFilter {
  id?: string;
  name?: string | undefined;
  state?: string | undefined;
  /** A number of a job: only those before it. */
  below?: string | undefined;
  limit: number;
}

export async function readJobs(db: Database, { id, name, state, below, limit }: JobFilter): Promise<JobRow[]> {
  return db.query<JobRow>("/* no tenant: the queue's own tables */ select * from read_jobs($1, $2, $3, $4, $5)", [
    id ?? null,
    name ?? null,
    state ?? null,
    below ?? null,
    limit,
  ]);
}

export async function retryJob(db: Database, id: string): Promise<boolean> {
  const rows = await db.query<{ ok: boolean }>("/* no tenant: the queue's own tables */ select retry_job($1) as ok", [id]);
  return rows[0]!.ok;
}

export interface Run {
  jobId: string;
  attempt: number;
  name: string;
  key: string | null;
  worker: string | null;
  error: string | null;
  createdAt: Instant;
  startedAt: Instant;
  finishedAt: Instant;
  durationMs: number;
}

export async function noteRun(pool: Pool, run: Run): Promise<void> {
  await onPlatform(pool).query(
    `/* no tenant: runs of the queue */
     insert into job_runs (job_id, attempt, name, key, worker, error, created_at, started_at, finished_at, duration_ms)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
     on conflict (job_id, attempt) do update set worker = excluded.worker, error = excluded.error, started_at = excluded.started_at,
       finished_at = excluded.finished_at, duration_ms = excluded.duration_ms`,
    [
      run.jobId,
      run.attempt,
      run.name,
      run.key,
      run.worker,
      run.error,
      formatInstant(run.createdAt),
      formatInstant(run.startedAt),
      formatInstant(run.finishedAt),
      run.durationMs,
    ],
  );
}

/** Those that did well are forgotten sooner. */
export async function forgetRuns(pool: Pool, before: { succeeded: Instant; failed: Instant }): Promise<void> {
  await onPlatform(pool).query(
    "/* no tenant: by age alone */ delete from job_runs where finished_at < case when error is null then $1::timestamptz else $2::timestamptz end",
    [formatInstant(before.succeeded), formatInstant(before.failed)],
  );
}
