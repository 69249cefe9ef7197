/** Which quantities an invoice needs: of each part of the period that it closes, and of those before, for what came late. */
import type { Context } from "../../context.ts";
import type { CatalogSnapshot } from "../catalog/cache.ts";
import type { Meter } from "../catalog/meter.ts";
import { eventsNeeded } from "../catalog/percentage.ts";
import type { Plan } from "../catalog/plan.ts";
import type { Price } from "../catalog/price.ts";
import { BEGINNING, type Instant } from "../time/instant.ts";
import type { Period } from "../time/period.ts";
import { type Filters, outranking } from "../usage/filter.ts";
import type { QuantityAsk } from "../usage/quantity.ts";
import { needsHigh } from "./advance-high.ts";
import type { BilledLine } from "./billed.ts";
import type { LineContext } from "./line.ts";
import { aboutOf, fullPeriodOf, type Part, shareOf } from "./parts.ts";
import type { BillingRequest, Subject } from "./prepare.ts";
import type { Segment } from "./segment.ts";

const DAY = 86_400_000;

export interface UsageTask {
  price: Price;
  /** What more specific prices of the same meter bill in its place. */
  except: Filters[];
  about: LineContext;
  late: boolean;
  /** Also what was used at the instant of the end. */
  throughEnd: boolean;
}

// Usage that came since the last close lies at most so far back.
function horizon(ctx: Context, closedAt: Instant): Instant {
  return closedAt - (ctx.config.usage.maxAgeDays + 1) * DAY;
}

/** How far back lines are read: where a period that ends within the horizon may have begun. A young cycle may follow on any. */
export function billedSince(ctx: Context, { subject, period, closes, advances }: BillingRequest): Instant {
  const from = closes ?? advances ?? period;
  const since = horizon(ctx, from.start);
  return subject.cycleStart > since ? BEGINNING : since - LONGEST_DAYS[subject.interval.unit] * subject.interval.count * DAY;
}

const LONGEST_DAYS = { day: 1, week: 7, month: 31, year: 366 } as const;

export async function usageTasks(
  ctx: Context,
  request: BillingRequest,
  parts: readonly Part[],
  billed: readonly BilledLine[],
  stored: readonly Segment[],
): Promise<UsageTask[]> {
  const { closes, subject } = request;
  if (!closes) return [];
  const tasks: UsageTask[] = parts.flatMap((part) =>
    usagePrices(part.inForce, subject.currency).map((priced) => ({
      ...priced,
      about: part.usage,
      late: false,
      throughEnd: request.throughEnd === true && part === parts.at(-1),
    })),
  );
  const limit = horizon(ctx, closes.start);
  // Nothing comes after the end of what is over: its last instant was billed with it.
  const throughEnd = (service: Period) => request.parts?.length === 0 && service.end === closes.start && request.throughEnd === true;
  const before = new Map<Instant, LineContext>();
  for (const line of billed) {
    if (line.kind === "credit" || line.period.start >= closes.start || before.has(line.period.start)) continue;
    const segment = stored.find(({ service }) => service.start === line.period.start);
    const service = segment?.service ?? line.period;
    if (service.end > closes.start || service.end <= limit) continue;
    const { planKey, planVersion } = segment?.inForce ?? line;
    const plan = await ctx.catalog.plan(planKey, planVersion);
    const about = aboutOf(subject, plan, { service, full: segment?.full ?? fullPeriodOf(subject, service) }, subject.seats);
    const cut = segment ? shareOf(segment) : null;
    before.set(service.start, cut ? { ...about, parts: cut } : about);
    for (const priced of usagePrices(plan, subject.currency))
      tasks.push({ ...priced, about: before.get(service.start)!, late: true, throughEnd: throughEnd(service) });
  }
  return tasks.filter(({ about }) => subject.usageFrom === null || about.service.end > subject.usageFrom);
}

function usagePrices(plan: Plan, currency: string): { price: Price; except: Filters[] }[] {
  const prices = plan.pricesIn(currency).filter((price) => price.type === "usage");
  return prices.map((price) => ({
    price,
    except: outranking(
      prices.filter((other) => other.meter === price.meter),
      price,
    ),
  }));
}

export function askOf(subject: Subject, { price, except, about, throughEnd }: UsageTask, catalog: CatalogSnapshot): QuantityAsk {
  const meter: Meter | undefined = catalog.meters.get(price.meter ?? "");
  if (!meter) throw new Error(`price ${price.key} reads the meter ${price.meter}, which the catalog does not have`);
  const needed = eventsNeeded(price);
  return {
    tenantNo: subject.tenantNo,
    meter,
    start: Math.max(about.service.start, subject.usageFrom ?? about.service.start),
    end: about.service.end + (throughEnd ? 1 : 0),
    ...(price.filters ? { filters: price.filters } : {}),
    ...(except.length > 0 ? { except } : {}),
    ...(price.groupBy ? { groupBy: price.groupBy } : {}),
    ...(needed === "allowance" || needed === "all" || needsHigh(price, meter) ? { events: true } : {}),
  };
}
