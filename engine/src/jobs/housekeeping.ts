/** Idempotency answers are kept for a day (docs/http-api.md, Conventions). */
import { formatInstant } from "../billing/time/instant.ts";
import type { Context } from "../context.ts";
import { run } from "../db/pool.ts";

const DAY = 86_400_000;

export async function forgetOldAnswers(ctx: Context): Promise<void> {
  await run(ctx.pool, "/* all tenants: by age alone */ delete from idempotency_keys where created_at < $1", [
    formatInstant(ctx.clock.now() - DAY),
  ]);
}
