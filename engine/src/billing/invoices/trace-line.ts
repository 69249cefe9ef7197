/**
 * From the amount of an invoice line to what made it: the steps in words, the price and its tiers, the meter, and the events that were
 * counted, by the same reading that billed them. What came after the close is in `quantity_now` and not in the line.
 */
import type { Context } from "../../context.ts";
import { onPool } from "../../db/pool.ts";
import { Refusal } from "../../errors.ts";
import { decimal } from "../money/decimal.ts";
import { formatInstant, formatMicros } from "../time/instant.ts";
import { eventIdOfUuid } from "../usage/event.ts";
import { outranking } from "../usage/filter.ts";
import { type QuantityAsk, readQuantities } from "../usage/quantity.ts";
import { readSample } from "../usage/sample-store.ts";
import { type LineAnswer, roundingOf, stepsOf } from "./explain-line.ts";
import { readInvoice } from "./find-invoice.ts";
import { type LineRow, readLines } from "./store.ts";
import { lineView } from "./view.ts";

/** Throws `not_found`. */
export async function traceLine(ctx: Context, ask: { invoice: string; line: string; tenantId: string | null; events: number }) {
  const db = onPool(ctx.pool);
  const invoice = await readInvoice(db, ask.invoice, ask.tenantId);
  const lines = (await readLines(db, [invoice.tenant_id], [invoice.id])).get(invoice.id) ?? [];
  const row = lines.find(({ id }) => id === ask.line);
  if (!row) throw new Refusal("not_found", "The invoice has no such line.");
  const line = lineView(row);
  const answer = line as unknown as LineAnswer;
  return {
    invoice: invoice.id,
    number: invoice.number,
    tenant_id: invoice.tenant_id,
    currency: invoice.currency,
    line,
    steps: stepsOf(answer, invoice.currency).map((step) => ({
      what: step.what,
      quantity: step.quantity ?? null,
      price: step.price ?? null,
      amount: step.amount?.toFixed() ?? null,
    })),
    rounding: roundingOf(answer, invoice.currency),
    usage: await usageBehind(ctx, invoice, row, ask.events),
  };
}

/** null: the line is not of usage, or its price is not known any more. */
async function usageBehind(ctx: Context, invoice: { tenant_id: string; currency: string }, row: LineRow, limit: number) {
  if (row.kind !== "usage" || row.plan_key === null || row.plan_version === null || row.meter_key === null) return null;
  const plan = await ctx.catalog.plan(row.plan_key, row.plan_version);
  const prices = plan.pricesIn(invoice.currency).filter(({ meter }) => meter === row.meter_key);
  const price = prices.find(({ key }) => key === row.price_key);
  const meter = (await ctx.catalog.current()).meters.get(row.meter_key);
  const tenant = await ctx.tenants.find(invoice.tenant_id);
  if (!price || !meter || !tenant) return null;
  const except = outranking(prices, price);
  const ask: QuantityAsk = {
    tenantNo: tenant.no,
    meter,
    start: row.period_start,
    end: row.period_end,
    ...(price.filters ? { filters: price.filters } : {}),
    ...(except.length > 0 ? { except } : {}),
    ...(price.groupBy ? { groupBy: price.groupBy } : {}),
  };
  const db = onPool(ctx.pool);
  const [answers] = await readQuantities(db, [ask]);
  const now = answers!.find(({ key }) => !price.groupBy || key === row.group_key);
  const group = price.groupBy && now ? price.groupBy.map((name) => now.group[name] ?? null) : null;
  const sample = await readSample(db, ask, group, limit);
  return {
    meter: meter.key,
    event: meter.event,
    aggregation: meter.aggregation,
    property: meter.property,
    unit: meter.unit,
    filters: { ...meter.filters, ...price.filters },
    period_start: formatInstant(row.period_start),
    period_end: formatInstant(row.period_end),
    quantity: decimal(row.quantity),
    quantity_now: now?.value ?? decimal("0"),
    event_count: BigInt(now?.eventCount ?? 0),
    events: sample.map((event) => ({
      id: eventIdOfUuid(event.identity),
      event: event.event,
      idempotency_key: event.idempotency_key,
      at: formatMicros(Number(event.at_us)),
      received_at: formatInstant(event.received_at),
      amount: decimal(event.amount),
      properties: event.properties,
      value: event.value,
    })),
  };
}
