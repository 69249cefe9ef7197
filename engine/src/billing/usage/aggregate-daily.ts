/**
 * The errand behind `usage.aggregated`: what each meter came to on each day of each tenant, when that day is over where the tenant is.
 * Asked for one tenant and day, it looks again, and says what late usage has changed.
 */
import { ENGINE } from "../../auth/principal.ts";
import { commit } from "../../commit.ts";
import type { Context } from "../../context.ts";
import { onPlatform } from "../../db/pool.ts";
import { invalidField, Refusal, tenantNotFound } from "../../errors.ts";
import type { Meter } from "../catalog/meter.ts";
import type { TenantRef } from "../tenants/cache.ts";
import { type Instant, parseInstant } from "../time/instant.ts";
import type { Period } from "../time/period.ts";
import { windowAt } from "../time/window.ts";
import { announceDay } from "./announce-day.ts";
import { openDays, tenantsWithUsage } from "./day-store.ts";
import { readQuantities } from "./quantity.ts";

/** How far back the sweep looks: so long the workers may have been away. */
const DAYS = 7;
const CHUNK = 200;

export interface DayAsked {
  tenant_id?: string;
  /** The key of a meter; all of them if not said. */
  metric?: string;
  /** Any instant of the day; the last whole one if not said. */
  day_start?: string;
}

/** Answers how many totals are new. */
export async function aggregateDaily(ctx: Context, asked: DayAsked = {}): Promise<number> {
  if (asked.tenant_id === undefined) return sweep(ctx);
  const tenant = await ctx.tenants.find(asked.tenant_id);
  if (!tenant) throw tenantNotFound(asked.tenant_id);
  const now = await ctx.tenants.now(tenant);
  const at = asked.day_start === undefined ? windowAt("day", tenant.timeZone, now, null).start - 1 : parseInstant(asked.day_start);
  if (at === null) throw invalidField("day_start", "must be an instant in RFC 3339 form");
  const day = windowAt("day", tenant.timeZone, at, null);
  if (day.end > now) throw invalidField("day_start", "must be of a day that is over where the tenant is");
  const { meters } = await ctx.catalog.current({ fresh: true });
  if (asked.metric === undefined) return announce(ctx, tenant, day, unarchived(meters));
  const meter = meters.get(asked.metric);
  if (!meter) throw new Refusal("meter_not_found", `There is no meter ${JSON.stringify(asked.metric)}.`);
  return announce(ctx, tenant, day, [meter]);
}

async function sweep(ctx: Context): Promise<number> {
  const meters = unarchived((await ctx.catalog.current()).meters);
  let said = 0;
  for (let after = 0; ; ) {
    const found = await tenantsWithUsage(ctx.pool, ctx.clock.now(), (DAYS + 1) * 24, after, CHUNK);
    const known = await ctx.tenants.findMany(found.map(({ id }) => id));
    for (const tenant of known.values()) {
      const days = lastDays(tenant, await ctx.tenants.now(tenant));
      const open = new Set(await openDays(onPlatform(ctx.pool), tenant.no, days));
      for (const day of days) if (open.has(day.start)) said += await announce(ctx, tenant, day, meters);
    }
    if (found.length < CHUNK) return said;
    after = found.at(-1)!.no;
  }
}

function unarchived(meters: ReadonlyMap<string, Meter>): Meter[] {
  return [...meters.values()].filter((meter) => !meter.archived);
}

/** Whole ones, the oldest first. */
function lastDays({ timeZone }: TenantRef, now: Instant): Period[] {
  const days: Period[] = [];
  for (let end = windowAt("day", timeZone, now, null).start; days.length < DAYS; end = days[0]!.start)
    days.unshift(windowAt("day", timeZone, end - 1, null));
  return days;
}

async function announce(ctx: Context, tenant: TenantRef, day: Period, meters: readonly Meter[]): Promise<number> {
  const asks = meters.map((meter) => ({ tenantNo: tenant.no, meter, ...day }));
  const answers = await readQuantities(onPlatform(ctx.pool), asks);
  // A day on which a meter read nothing has no total to tell of.
  const totals = answers.flatMap(([one], i) => (one!.eventCount > 0 ? [{ meter: meters[i]!, total: one!.value }] : []));
  if (totals.length === 0) return 0;
  return commit(ctx, { principal: ENGINE, tenantId: tenant.id }, (tx) => announceDay(tx, { tenant, day, totals }));
}
