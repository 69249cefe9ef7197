/**
 * Computes invoices without writing anything: reads what was billed and what was used, then composes lines. Preview, quote
 * of a change and issue are this same code; issue only stores what it answers. Set-based: a run hands in 500 at a time.
 */
import type { Context } from "../../context.ts";
import type { Database } from "../../db/pool.ts";
import type { CatalogSnapshot } from "../catalog/cache.ts";
import type { Meter } from "../catalog/meter.ts";
import { eventsNeeded } from "../catalog/percentage.ts";
import type { Plan } from "../catalog/plan.ts";
import type { Price } from "../catalog/price.ts";
import type { Instant } from "../time/instant.ts";
import { fullPeriodAt, type Interval, type Period } from "../time/period.ts";
import { type Filters, outranking } from "../usage/filter.ts";
import { type QuantityAnswer, type QuantityAsk, readQuantities } from "../usage/quantity.ts";
import { type BilledLine, readBilledLines } from "./billed.ts";
import { commitmentLine } from "./commitment-line.ts";
import { completeDrafts } from "./complete.ts";
import type { DraftInvoice, DraftLine, InvoiceReason } from "./invoice.ts";
import { type LineContext, recurringLine, usageLine } from "./line.ts";

const DAY = 86_400_000;

/** What invoices must know of a subscription, whoever asks. */
export interface Subject {
  tenantId: string;
  tenantNo: number;
  testClockId: string | null;
  subscriptionId: string | null;
  planKey: string;
  planVersion: number;
  currency: string;
  seats: number;
  timeZone: string;
  anchorAt: Instant;
  interval: Interval;
  collection: "charge_automatically" | "send_invoice";
  gateway: string;
}

export interface BillingRequest {
  subject: Subject;
  reason: InvoiceReason;
  /** What the invoice is for: the period that closes, else the one that is paid in advance. */
  period: Period;
  /** Bills what is due in arrears for this period, and what came late for those before it. */
  closes: Period | null;
  /** Bills what is due in advance for this period. */
  advances: Period | null;
}

interface UsageTask {
  price: Price;
  /** What more specific prices of the same meter bill in its place. */
  except: Filters[];
  about: LineContext;
  period: Period;
  late: boolean;
}

interface Work {
  request: BillingRequest;
  plan: Plan;
  billed: BilledLine[];
  usage: UsageTask[];
}

/** One draft for each request, in order; null where there is nothing to bill. */
export async function prepareInvoices(ctx: Context, db: Database, requests: readonly BillingRequest[]): Promise<(DraftInvoice | null)[]> {
  const catalog = await ctx.catalog.current();
  const billed = await readBilledLines(
    db,
    requests.flatMap(({ subject, closes, advances }) => {
      const from = closes ?? advances;
      return subject.subscriptionId && from
        ? [{ subscriptionId: subject.subscriptionId, tenantId: subject.tenantId, since: horizon(ctx, from.start) }]
        : [];
    }),
  );
  const works: Work[] = [];
  for (const request of requests) {
    const plan = await ctx.catalog.plan(request.subject.planKey, request.subject.planVersion);
    const known = request.subject.subscriptionId === null ? [] : (billed.get(request.subject.subscriptionId) ?? []);
    works.push({ request, plan, billed: known, usage: await usageTasks(ctx, request, plan, known) });
  }
  const asks = works.flatMap((work) => work.usage.map((task) => askOf(work.request.subject, task, catalog)));
  const answers = await readQuantities(db, asks);
  let next = 0;
  const drafts = works.map((work) => {
    const mine = answers.slice(next, next + work.usage.length);
    next += work.usage.length;
    return compose(work, mine);
  });
  const completed = await completeDrafts(
    ctx,
    db,
    drafts.filter((draft) => draft !== null),
    { lock: false },
  );
  return drafts.map((draft) => (draft === null ? null : completed.shift()!));
}

// Usage that came since the last close lies at most so far back.
function horizon(ctx: Context, closedAt: Instant): Instant {
  return closedAt - (ctx.config.usage.maxAgeDays + 1) * DAY;
}

async function usageTasks(ctx: Context, request: BillingRequest, plan: Plan, billed: BilledLine[]): Promise<UsageTask[]> {
  const { closes, subject } = request;
  if (!closes) return [];
  const tasks = usagePrices(plan, subject.currency).map((priced) => ({
    ...priced,
    about: aboutOf(request, plan, closes),
    period: closes,
    late: false,
  }));
  const limit = horizon(ctx, closes.start);
  const before = new Map<Instant, BilledLine>();
  for (const line of billed) if (line.period.end <= closes.start && line.period.end > limit) before.set(line.period.start, line);
  for (const line of before.values()) {
    const sold = await ctx.catalog.plan(line.planKey, line.planVersion);
    for (const priced of usagePrices(sold, subject.currency)) {
      tasks.push({ ...priced, about: aboutOf(request, sold, line.period), period: line.period, late: true });
    }
  }
  return tasks;
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

function aboutOf({ subject }: BillingRequest, plan: Plan, service: Period): LineContext {
  return {
    planKey: plan.key,
    planVersion: plan.version,
    seats: subject.seats,
    service,
    full: fullPeriodAt(subject.anchorAt, subject.interval, subject.timeZone, service.start),
    prorationUnit: plan.prorationUnit,
    timeZone: subject.timeZone,
  };
}

function askOf(subject: Subject, { price, except, period }: UsageTask, catalog: CatalogSnapshot): QuantityAsk {
  const meter: Meter | undefined = catalog.meters.get(price.meter ?? "");
  if (!meter) throw new Error(`price ${price.key} reads the meter ${price.meter}, which the catalog does not have`);
  const needed = eventsNeeded(price);
  return {
    tenantNo: subject.tenantNo,
    meter,
    start: period.start,
    end: period.end,
    ...(price.filters ? { filters: price.filters } : {}),
    ...(except.length > 0 ? { except } : {}),
    ...(price.groupBy ? { groupBy: price.groupBy } : {}),
    ...(needed === "allowance" || needed === "all" ? { events: true } : {}),
  };
}

function compose({ request, plan, billed, usage }: Work, answers: QuantityAnswer[]): DraftInvoice | null {
  const { subject, closes, advances } = request;
  const lines: DraftLine[] = [];
  const recurring = plan.pricesIn(subject.currency).filter((price) => price.type !== "usage");
  // A period that is closed also bills what should have been paid before it: one that began in the past.
  if (closes) addRecurring(lines, recurring, aboutOf(request, plan, closes), billed);
  usage.forEach((task, index) => {
    addUsage(lines, task, answers[index] ?? [], billed);
  });
  if (closes) {
    const commitment = commitmentLine(plan, subject.currency, aboutOf(request, plan, closes), lines, billed);
    if (commitment) lines.push(commitment);
  }
  if (advances) {
    const paidBefore = recurring.filter((price) => price.timing === "in_advance");
    addRecurring(lines, paidBefore, aboutOf(request, plan, advances), billed);
  }
  return lines.length === 0 ? null : { ...emptyDraft(request), lines };
}

export function emptyDraft({ subject, reason, period }: BillingRequest): DraftInvoice {
  return {
    tenantId: subject.tenantId,
    testClockId: subject.testClockId,
    subscriptionId: subject.subscriptionId,
    reason,
    period,
    currency: subject.currency,
    collection: subject.collection,
    gateway: subject.gateway,
    lines: [],
  };
}

function addRecurring(lines: DraftLine[], prices: readonly Price[], about: LineContext, billed: readonly BilledLine[]): void {
  for (const price of prices) {
    const done = billed.some((line) => line.priceKey === price.key && line.kind !== "usage" && line.period.start === about.service.start);
    if (!done) lines.push(recurringLine(price, about));
  }
}

function addUsage(lines: DraftLine[], task: UsageTask, answer: QuantityAnswer, billed: readonly BilledLine[]): void {
  for (const metered of answer) {
    const groupKey = task.price.groupBy ? metered.key : null;
    const before = billed.find(
      (line) =>
        line.kind === "usage" && line.priceKey === task.price.key && line.period.start === task.period.start && line.groupKey === groupKey,
    );
    const done = before ?? { amount: 0n, rounds: 0 };
    const line = usageLine(
      task.price,
      task.about,
      {
        quantity: metered.value,
        eventCount: metered.eventCount,
        ...(metered.events ? { events: metered.events } : {}),
        groupKey,
        group: metered.group,
      },
      done,
      done.rounds > 0 || task.late,
    );
    if (line.round > 0 || task.late ? line.amount !== 0n : true) lines.push(line);
  }
}
