/** A job as the operator sees it. */
import { type Static, Type } from "typebox";
import { formatInstant, type Instant } from "../billing/time/instant.ts";
import { Instant as InstantText, Named, Nullable, OneOf } from "../http/schema.ts";
import { JOB_STATES, type JobRow } from "./store.ts";

const at = (description: string) => Nullable(InstantText(description));

export const JobView = Named(
  "Job",
  Type.Object({
    id: Type.String(),
    name: Type.String(),
    state: OneOf(
      JOB_STATES,
      "failed: it is tried again at run_at. dead: it failed max_attempts times and waits to be retried by somebody.",
    ),
    key: Nullable(Type.String({ description: "Jobs with the same key that wait are one job." })),
    payload: Nullable(Type.Unknown({ description: "null: it is done." })),
    attempts: Type.Integer(),
    max_attempts: Nullable(Type.Integer()),
    last_error: Nullable(Type.String()),
    created_at: InstantText(),
    run_at: at("When it runs, or is tried again."),
    started_at: at("Of the last run, or the one under way."),
    finished_at: at("When it had succeeded; kept for a day."),
    duration_ms: Nullable(Type.Integer({ description: "Of the last run that ended." })),
    worker: Nullable(Type.String()),
  }),
);
export type JobAnswer = Static<typeof JobView>;

const instant = (value: Instant | null) => (value === null ? null : formatInstant(value));

export function jobView({ id, created_at, run_at, started_at, finished_at, ...row }: JobRow): JobAnswer {
  return {
    id: jobId(id),
    ...row,
    created_at: formatInstant(created_at),
    run_at: instant(run_at),
    started_at: instant(started_at),
    finished_at: instant(finished_at),
  };
}

/** Numbers are the queue's own. */
export function jobId(number: bigint): string {
  return `job_${number}`;
}

/** null: no job is called so. */
export function jobNumber(id: string): string | null {
  return /^job_(\d{1,18})$/.exec(id)?.[1] ?? null;
}
