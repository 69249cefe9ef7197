/**
 * Computes invoices without writing anything: reads what was billed and what was used, then composes lines. Preview, quote
 * of a change and issue are this same code; issue only stores what it answers. Set-based: a run hands in 500 at a time.
 */
import { stopwatch } from "../../clock.ts";
import type { Context } from "../../context.ts";
import type { Database } from "../../db/pool.ts";
import type { CatalogSnapshot } from "../catalog/cache.ts";
import { isLevel } from "../catalog/meter.ts";
import type { Plan } from "../catalog/plan.ts";
import type { Price } from "../catalog/price.ts";
import type { Instant } from "../time/instant.ts";
import type { Interval, Period } from "../time/period.ts";
import { type QuantityAnswer, readQuantities } from "../usage/quantity.ts";
import { lessCovered } from "../usage/uncovered.ts";
import { highest, needsHigh } from "./advance-high.ts";
import { arrearsLines } from "./arrears-lines.ts";
import { type BilledLine, billedFor, pendingAsBilled, readBilledLines } from "./billed.ts";
import { commitmentLine } from "./commitment-line.ts";
import { completeDrafts } from "./complete.ts";
import type { DraftInvoice, DraftLine, InvoiceReason, LineKind } from "./invoice.ts";
import { type LineContext, recurringLine, usageLine } from "./line.ts";
import { aboutOf, fullPeriodOf, type Part, partsOf } from "./parts.ts";
import { readPending } from "./pending-store.ts";
import type { Segment } from "./segment.ts";
import { readSegments } from "./segment-store.ts";
import { askOf, billedSince, type UsageTask, usageTasks } from "./usage-tasks.ts";

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
  /** What was used before it is billed elsewhere; null: all of it is billed here. */
  usageFrom: Instant | null;
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
  /** What was used at the very end of what is closed counts too: nothing comes after it. */
  throughEnd?: boolean;
  /** Lines of a change, computed beside. */
  extra?: readonly DraftLine[];
  /** What credit notes gave back of the period: on no invoice, but no part of a minimum that was reached. */
  noted?: readonly DraftLine[];
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

/** One draft for each request, in order; null where there is nothing to bill. `onlyRates`: no tax engine outside is asked. */
export async function prepareInvoices(
  ctx: Context,
  db: Database,
  requests: readonly BillingRequest[],
  options: { onlyRates?: boolean } = {},
): Promise<(DraftInvoice | null)[]> {
  const catalog = await ctx.catalog.current();
  const asks = asksOf(ctx, requests);
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
  const time = stopwatch();
  const answers = await lessCovered(db, quantities, await readQuantities(db, quantities));
  if (quantities.length > 0) ctx.metrics.aggregates.observe(["invoice"], time());
  let next = 0;
  const drafts = works.map((work) => {
    const mine = answers.slice(next, next + work.usage.length);
    next += work.usage.length;
    return compose(work, mine, catalog);
  });
  const completed = await completeDrafts(
    ctx,
    db,
    drafts.filter((draft) => draft !== null),
    { lock: false, ...options },
  );
  return drafts.map((draft) => (draft === null ? null : completed.shift()!));
}

/** One for each subscription, however many invoices are made of it at once: what is asked twice would count twice. */
function asksOf(ctx: Context, requests: readonly BillingRequest[]): { subscriptionId: string; tenantId: string; since: Instant }[] {
  const asks = new Map<string, { subscriptionId: string; tenantId: string; since: Instant }>();
  for (const request of requests) {
    const { subscriptionId, tenantId } = request.subject;
    if (!subscriptionId) continue;
    const since = Math.min(billedSince(ctx, request), asks.get(subscriptionId)?.since ?? Number.POSITIVE_INFINITY);
    asks.set(subscriptionId, { subscriptionId, tenantId, since });
  }
  return [...asks.values()];
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
    const commitment = commitmentLine(
      committed,
      last.segment.period.end,
      currency,
      [...lines.slice(pending.length), ...(request.noted ?? [])],
      billed,
    );
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
    const line = recurringLine(price, about);
    const of = (kind: LineKind, list: readonly BilledLine[]) =>
      billedFor(list, { kind, priceKey: price.key, start: about.service.start, groupKey: null }).rounds;
    // In arrears, what was voided is billed again when its period is; in advance it stays given up.
    if (price.timing === "in_arrears" && before.length > 0 && before.every(({ stands }) => !stands)) {
      lines.push({ ...line, round: of(line.kind, before) });
      continue;
    }
    const sold = before.filter(({ period }) => end === null || period.end === end);
    const givenBack = billed.filter(({ period }) => period.end === end);
    if (sold.length > 0 && of("flat", sold) + of("seat", sold) > of("credit", givenBack)) continue;
    lines.push({ ...line, round: of(line.kind, before) });
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
  // A period whose invoice was voided is billed again when somebody asks for it, not as if all of it had come late.
  const sold = billed.filter(
    ({ kind, priceKey, period }) => kind === "usage" && priceKey === task.price.key && period.start === task.about.service.start,
  );
  if (task.late && sold.length > 0 && sold.every(({ stands }) => !stands)) return;
  for (const metered of answer) {
    const groupKey = task.price.groupBy ? metered.key : null;
    const done = billedFor(billed, { kind: "usage", priceKey: task.price.key, start: task.about.service.start, groupKey });
    const high = meter && metered.events && needsHigh(task.price, meter) ? highest(meter, metered.events) : metered.value;
    const billedLine = usageLine(
      task.price,
      task.about,
      {
        quantity: high,
        eventCount: metered.eventCount,
        ...(metered.events ? { events: metered.events } : {}),
        ...(metered.covered ? { covered: metered.covered } : {}),
        groupKey,
        group: metered.group,
        level: meter !== undefined && isLevel(meter),
      },
      done,
      done.rounds > 0 || task.late,
    );
    // What is left of it stays visible, as on a quote.
    const line = high === metered.value ? billedLine : { ...billedLine, quantity: metered.value };
    if (line.round > 0 || task.late ? line.amount !== 0n : true) lines.push(line);
  }
}
