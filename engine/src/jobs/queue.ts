/** Jobs are rows written with the transaction that caused them; graphile-worker runs them afterwards. */
import type { Instant } from "../billing/time/instant.ts";
import { formatInstant } from "../billing/time/instant.ts";
import type { Database } from "../db/pool.ts";
import { toJson } from "../http/json.ts";
import { carrying } from "../telemetry/trace.ts";
import type { JobName } from "./names.ts";

export interface JobRequest {
  name: JobName;
  payload?: Record<string, unknown>;
  /** Jobs with the same key that wait are one job. */
  key?: string;
  /** Real time; now if not said. */
  runAt?: Instant;
  /** After so many failures it is left for a person; 25 if not said. */
  maxAttempts?: number;
}

export async function writeJobs(db: Database, jobs: JobRequest[]): Promise<void> {
  if (jobs.length === 0) return;
  const unique = new Map(jobs.map((job, index) => [job.key ?? `#${index}`, job]));
  const list = [...unique.values()];
  await db.query("/* no tenant: the queue's own tables */ select enqueue_jobs($1, $2, $3, $4, $5)", [
    list.map((job) => job.name),
    list.map((job) => toJson(carrying(job.payload ?? {}))),
    list.map((job) => (job.runAt === undefined ? null : formatInstant(job.runAt))),
    list.map((job) => job.key ?? null),
    list.map((job) => job.maxAttempts ?? null),
  ]);
}
