/** The sandbox's charges that wait for the person: confirmed once, by the secret that a page has or on the sandbox's own page, or given up. */
import { type Pool, run } from "../../db/pool.ts";
import { toJson } from "../../http/json.ts";
import type { Remembered } from "./charges.ts";

/** What waits, and what names it. */
export interface Waiting {
  /** The id of the attempt. */
  idempotency_key: string;
  answer: Remembered;
  secret: string | null;
}

const BY = { secret: "secret = $1", page: "page = $1", key: "idempotency_key = $1" } as const;

/** null: nothing waits under this name (any more). */
export async function findWaiting(pool: Pool, by: keyof typeof BY, value: string): Promise<Waiting | null> {
  const rows = await run<Waiting>(
    pool,
    `/* no tenant: the gateway's own memory */
     select idempotency_key, answer, secret from sandbox_charges where ${BY[by]} and answer->>'status' = 'requires_action'`,
    [value],
  );
  return rows[0] ?? null;
}

/** Once: null where somebody else was faster. */
export async function endWaiting(pool: Pool, waiting: Waiting, to: Partial<Remembered>): Promise<Remembered | null> {
  const rows = await run<{ answer: Remembered }>(
    pool,
    `/* no tenant: the gateway's own memory */
     update sandbox_charges set answer = $2 where idempotency_key = $1 and answer->>'status' = 'requires_action' returning answer`,
    [waiting.idempotency_key, toJson({ ...waiting.answer, ...to })],
  );
  return rows[0]?.answer ?? null;
}
