/**
 * Computes invoices without writing anything: reads what was billed and what was used, then composes lines. Preview, quote
 * of a change and issue are this same code; issue only stores what it answers. Set-based: a run hands in 500 at a time.
 */
import type { Context } from "../../context.ts";
import type { Database } from "../../db/pool.ts";
import type { CatalogSnapshot } from "../catalog/cache.ts";
import { isLevel, type Meter } from "../catalog/meter.ts";
import { eventsNeeded } from "../catalog/percentage.ts";
import type { Plan } from "../catalog/plan.ts";
import type { Price } from "../catalog/price.ts";
import type { Instant } from "../time/instant.ts";
import type { Interval, Period } from "../time/period.ts";
import { type Filters, outranking } from "../usage/filter.ts";
import { type QuantityAnswer, type QuantityAsk, readQuantities } from "../usage/quantity.ts";
import { arrearsLines } from "./arrears-lines.ts";
import { type BilledLine, billedFor, pendingAsBilled, readBilledLines } from "./billed.ts";
import { commitmentLine } from "./commitment-line.ts";
import type { DraftInvoice, DraftLine, InvoiceReason } from "./invoice.ts";
import { type LineContext, recurringLine, usageLine } from "./line.ts";
import { aboutOf, fullPeriodOf, type Part, partOf, partsOf } from "./parts.ts";
import { readPending } from "./pending-store.ts";
import type { Segment } from "./segment.ts";
import { readSegments } from "./segment-store.ts";

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
  /** Since when periods are counted from this anchor. */
  cycleStart: Instant;
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
  /** Whom that is sold to, where the terms change with the period. */
  ahead?: Subject;
  /** The parts of what is closed, where it ends before its time; else they are read. */
  parts?: readonly Segment[];
  /** The free allowance of usage is all of it, though the period is cut: what was paid for it is not given back. */
  wholeAllowance?: boolean;
  /** Lines of a change, computed beside. */
  extra?: readonly DraftLine[];
}

interface UsageTask {
  price: Price;
  /** What more specific prices of the same meter bill in its place. */
  except: Filters[];
  about: LineContext;
  late: boolean;
}

interface Work {
  request: BillingRequest;
  parts: Part[];
  advance: Plan | null;
  billed: BilledLine[];
  usage: UsageTask[];
  /** Lines that waited for this invoice. */
  pending: DraftLine[];
}

/** One draft for each request, in order; null where there is nothing to bill. */
export async function prepareInvoices(ctx: Context, db: Database, requests: readonly BillingRequest[]): Promise<(DraftInvoice | null)[]> {
  const catalog = await ctx.catalog.current();
  const asks = requests.flatMap(({ subject, period, closes, advances }) => {
    const from = closes ?? advances ?? period;
    return subject.subscriptionId
      ? [{ subscriptionId: subject.subscriptionId, tenantId: subject.tenantId, since: horizon(ctx, from.start) }]
      : [];
  });
  const billed = await readBilledLines(db, asks);
  const segments = await readSegments(db, asks);
  const pending = await readPending(db, asks);
  const works: Work[] = [];
  for (const request of requests) {
    const id = request.subject.subscriptionId ?? "";
    const waiting = pending.get(id) ?? [];
    const known = [...(billed.get(id) ?? []), ...waiting.map(pendingAsBilled)];
    const stored = segments.get(id) ?? [];
    const parts = await partsOf(ctx, request, stored);
    const buyer = request.ahead ?? request.subject;
    works.push({
      request,
      parts,
      advance: request.advances ? await ctx.catalog.plan(buyer.planKey, buyer.planVersion) : null,
      billed: known,
      usage: await usageTasks(ctx, request, parts, known, stored),
      pending: waiting,
    });
    // Of several invoices made at once, the first takes what waits.
    pending.delete(id);
  }
  const quantities = works.flatMap((work) => work.usage.map((task) => askOf(work.request.subject, task, catalog)));
  const answers = await readQuantities(db, quantities);
  let next = 0;
  return works.map((work) => {
    const mine = answers.slice(next, next + work.usage.length);
    next += work.usage.length;
    return compose(work, mine, catalog);
  });
}

// Usage that came since the last close lies at most so far back.
function horizon(ctx: Context, closedAt: Instant): Instant {
  return closedAt - (ctx.config.usage.maxAgeDays + 1) * DAY;
}

async function usageTasks(
  ctx: Context,
  request: BillingRequest,
  parts: readonly Part[],
  billed: readonly BilledLine[],
  stored: readonly Segment[],
): Promise<UsageTask[]> {
  const { closes, subject } = request;
  if (!closes) return [];
  const tasks: UsageTask[] = parts.flatMap((part) =>
    usagePrices(part.inForce, subject.currency).map((priced) => ({ ...priced, about: part.usage, late: false })),
  );
  const limit = horizon(ctx, closes.start);
  const before = new Map<Instant, LineContext>();
  for (const line of billed) {
    if (line.kind === "credit" || line.period.start >= closes.start || before.has(line.period.start)) continue;
    const segment = stored.find(({ service }) => service.start === line.period.start);
    const service = segment?.service ?? line.period;
    if (service.end > closes.start || service.end <= limit) continue;
    const { planKey, planVersion } = segment?.inForce ?? line;
    const plan = await ctx.catalog.plan(planKey, planVersion);
    const about = aboutOf(subject, plan, { service, full: segment?.full ?? fullPeriodOf(subject, service) }, subject.seats);
    const cut = segment ? partOf(service, segment.period) : null;
    before.set(service.start, cut ? { ...about, parts: { allowance: cut, level: cut } } : about);
    for (const priced of usagePrices(plan, subject.currency)) tasks.push({ ...priced, about: before.get(service.start)!, late: true });
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

function askOf(subject: Subject, { price, except, about }: UsageTask, catalog: CatalogSnapshot): QuantityAsk {
  const meter: Meter | undefined = catalog.meters.get(price.meter ?? "");
  if (!meter) throw new Error(`price ${price.key} reads the meter ${price.meter}, which the catalog does not have`);
  const needed = eventsNeeded(price);
  return {
    tenantNo: subject.tenantNo,
    meter,
    start: about.service.start,
    end: about.service.end,
    ...(price.filters ? { filters: price.filters } : {}),
    ...(except.length > 0 ? { except } : {}),
    ...(price.groupBy ? { groupBy: price.groupBy } : {}),
    ...(needed === "allowance" || needed === "all" ? { events: true } : {}),
  };
}

function compose(
  { request, parts, advance, billed, usage, pending }: Work,
  answers: QuantityAnswer[],
  catalog: CatalogSnapshot,
): DraftInvoice | null {
  const { currency } = request.subject;
  const lines: DraftLine[] = [...pending, ...(request.extra ?? [])];
  const [only] = parts;
  // A period that is closed also bills what should have been paid before it: one that began in the past.
  if (only && parts.length === 1) addRecurring(lines, recurringPrices(only.sold, currency), only.recurring, null, billed);
  else lines.push(...arrearsLines(parts, currency, billed));
  usage.forEach((task, index) => {
    addUsage(lines, task, answers[index] ?? [], billed, catalog);
  });
  const last = parts.at(-1);
  if (last) {
    const committed = parts.map((part) => ({ plan: part.inForce, about: part.usage }));
    // What waited is among what is billed already.
    const commitment = commitmentLine(committed, last.segment.period.end, currency, lines.slice(pending.length), billed);
    if (commitment) lines.push(commitment);
  }
  if (advance && request.advances) {
    const buyer = request.ahead ?? request.subject;
    const about = aboutOf(buyer, advance, { service: request.advances, full: fullPeriodOf(buyer, request.advances) }, buyer.seats);
    const paidBefore = recurringPrices(advance, currency).filter((price) => price.timing === "in_advance");
    addRecurring(lines, paidBefore, about, request.advances.end, billed);
  }
  return lines.length === 0 ? null : { ...emptyDraft(request), lines };
}

function recurringPrices(plan: Plan, currency: string): Price[] {
  return plan.pricesIn(currency).filter((price) => price.type !== "usage");
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

// What is paid in advance is told by both its ends from what was sold, and given back, at the same start.
function addRecurring(
  lines: DraftLine[],
  prices: readonly Price[],
  about: LineContext,
  end: Instant | null,
  billed: readonly BilledLine[],
): void {
  for (const price of prices) {
    const before = billed.filter(
      ({ kind, priceKey, period }) =>
        priceKey === price.key && (kind === "flat" || kind === "seat") && period.start === about.service.start,
    );
    if (before.some(({ period }) => end === null || period.end === end)) continue;
    const line = recurringLine(price, about);
    const { rounds } = billedFor(before, { kind: line.kind, priceKey: price.key, start: about.service.start, groupKey: null });
    lines.push({ ...line, round: rounds });
  }
}

function addUsage(
  lines: DraftLine[],
  task: UsageTask,
  answer: QuantityAnswer,
  billed: readonly BilledLine[],
  catalog: CatalogSnapshot,
): void {
  const meter = catalog.meters.get(task.price.meter ?? "");
  for (const metered of answer) {
    const groupKey = task.price.groupBy ? metered.key : null;
    const done = billedFor(billed, { kind: "usage", priceKey: task.price.key, start: task.about.service.start, groupKey });
    const line = usageLine(
      task.price,
      task.about,
      {
        quantity: metered.value,
        eventCount: metered.eventCount,
        ...(metered.events ? { events: metered.events } : {}),
        groupKey,
        group: metered.group,
        level: meter !== undefined && isLevel(meter),
      },
      done,
      done.rounds > 0 || task.late,
    );
    if (line.round > 0 || task.late ? line.amount !== 0n : true) lines.push(line);
  }
}
