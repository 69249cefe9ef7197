/** Idempotency answers are kept for a day (docs/http-api.md, Conventions). */
import { formatInstant } from "../billing/time/instant.ts";
import type { Context } from "../context.ts";
import { run } from "../db/pool.ts";
import { forgetRuns } from "./store.ts";

const DAY = 86_400_000;

/** Runs that did well for a day, those that failed for a month. */
export async function forgetOldRuns(ctx: Context): Promise<void> {
  const now = ctx.clock.now();
  await forgetRuns(ctx.pool, { succeeded: now - DAY, failed: now - 30 * DAY });
}

export async function forgetOldAnswers(ctx: Context): Promise<void> {
  await run(ctx.pool, "/* all tenants: by age alone */ delete from idempotency_keys where created_at < $1", [
    formatInstant(ctx.clock.now() - DAY),
  ]);
}
