/** Looks at the limits of all that was received since it last did: for usage whose process ended before it had looked itself. */
import { ENGINE } from "../../auth/principal.ts";
import { commit } from "../../commit.ts";
import type { Context } from "../../context.ts";
import { onPlatform } from "../../db/pool.ts";
import type { Used } from "./cache.ts";
import { evaluateLimits } from "./evaluate.ts";
import { deleteOldNotices, findReceived, lockSweep, moveSweep } from "./notice-store.ts";

const DAY = 86_400_000;
// Usage may be as old as this, and must not announce again what was announced.
const KEPT_BEYOND_MAX_AGE_DAYS = 5;

export async function sweepLimits(ctx: Context): Promise<void> {
  const { features, meters } = await ctx.catalog.current({ fresh: true });
  const limited = [...features.values()].flatMap((feature) => meters.get(feature.meter ?? "") ?? []);
  const now = ctx.clock.now();
  const range = await commit(ctx, { principal: ENGINE, now }, async (tx) => {
    const before = await lockSweep(tx);
    await deleteOldNotices(tx, now - (ctx.config.usage.maxAgeDays + KEPT_BEYOND_MAX_AGE_DAYS) * DAY);
    return before;
  });
  const received = await findReceived(
    onPlatform(ctx.pool),
    range,
    limited.map((meter) => meter.event),
  );
  const tenants = await ctx.tenants.findMany(received.map((row) => row.tenant_id));
  const used = received.flatMap((row): Used[] => {
    const tenant = tenants.get(row.tenant_id);
    const read = new Set(limited.filter((meter) => meter.event === row.event).map((meter) => meter.no));
    return tenant ? [...read].map((meterNo) => ({ tenant, meterNo, minutes: new Set(row.minutes) })) : [];
  });
  await evaluateLimits(ctx, used);
  // Only now: a sweep that fails is made again, over the same stretch.
  await commit(ctx, { principal: ENGINE, now }, (tx) => moveSweep(tx, range));
}
