/** Jobs as somebody asks for them: by the API and by the program that the engine is built into. */
import type { Database } from "../db/pool.ts";
import { Refusal } from "../errors.ts";
import { askableJobs, checkAsked } from "./asked.ts";
import { type JobRow, readJobs, retryJob, writeJob } from "./store.ts";
import { SWEEPS } from "./tasks.ts";
import { jobNumber } from "./view.ts";

const ASKABLE = askableJobs(SWEEPS);

export interface JobAsked {
  name: string;
  payload?: Record<string, unknown> | undefined;
  key?: string | undefined;
  runAt?: number | undefined;
  maxAttempts?: number | undefined;
}

/** Throws a 422 for a job that nobody may ask for, or a payload that is not its own. */
export async function askJob(db: Database, { name, payload = {}, key, runAt, maxAttempts }: JobAsked): Promise<JobRow> {
  const id = await writeJob(db, {
    name: checkAsked(ASKABLE, name, payload),
    payload,
    ...(key === undefined ? {} : { key }),
    ...(runAt === undefined ? {} : { runAt }),
    ...(maxAttempts === undefined ? {} : { maxAttempts }),
  });
  return (await readJobs(db, { id: String(id), limit: 1 }))[0]!;
}

/** Throws `not_found`. */
export async function getJob(db: Database, id: string): Promise<JobRow> {
  const number = jobNumber(id);
  const [row] = number === null ? [] : await readJobs(db, { id: number, limit: 1 });
  if (!row) throw new Refusal("not_found", "There is no such job; one that succeeded is kept for a day.");
  return row;
}

/** From the start and now. Throws `not_found`, and `invalid_state` unless it failed or is dead. */
export async function retryAsked(db: Database, id: string): Promise<JobRow> {
  const row = await getJob(db, id);
  const failed = row.state === "failed" || row.state === "dead";
  if (!failed || !(await retryJob(db, String(row.id))))
    throw new Refusal("invalid_state", `The job is ${row.state}: only one that failed or is dead can be retried.`, {
      extra: { state: row.state },
    });
  return getJob(db, id);
}
