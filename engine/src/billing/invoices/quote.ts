/**
 * Prices without storing anything: the lines that a period of this plan, or of these prices, would have on its invoice. The
 * lines are made by the invoice's own functions; what is here is where their quantities come from when nobody has used anything.
 */
import { type Fault, invalid } from "../../errors.ts";
import type { CatalogSnapshot } from "../catalog/cache.ts";
import { checkMeter } from "../catalog/check-meter.ts";
import type { Meter } from "../catalog/meter.ts";
import { parseMeter } from "../catalog/parse.ts";
import { eventsNeeded } from "../catalog/percentage.ts";
import type { Price } from "../catalog/price.ts";
import type { Instant } from "../time/instant.ts";
import { carriesOver } from "../usage/aggregate.ts";
import { commitmentLine } from "./commitment-line.ts";
import { type DraftLine, subtotalOf } from "./invoice.ts";
import { type LineContext, recurringLine, usageLine } from "./line.ts";
import { advanceLine } from "./quote-advance.ts";
import { type Consumption, type Given, givenConsumption, NOTHING_USED, seatsOf } from "./quote-consumption.ts";
import { consumptionsOf, parseEvents } from "./quote-events.ts";
import { offerOf } from "./quote-offer.ts";
import type { EventDocument, QuoteBody } from "./quote-schema.ts";
import { timeOf } from "./quote-time.ts";
import { draftLineView } from "./view.ts";

// A quote is computed while others wait. As many values as this over all prices take 0.3 s.
const MAX_VALUES = 100_000;
// Each of these is rated with all that came before it: 0.4 s.
const MAX_ADVANCE_EVENTS = 1_000;
const MAX_LINES = 2_000;

type Quantities = ReadonlyMap<string, Given>;

/** Throws a 422 that names each field at fault, or `plan_not_found`. */
export function quote(body: QuoteBody, catalog: CatalogSnapshot, now: Instant) {
  const faults: Fault[] = [];
  const offer = offerOf(body, catalog, faults);
  const time = timeOf(body, offer?.plan.interval ?? { unit: "month", count: 1 }, now, faults);
  const meters = metersOf(body, catalog, faults);
  if (!offer || !time || faults.length > 0) throw refusal(faults);
  const { plan, currency, named } = offer;
  const about: LineContext = {
    planKey: named ? plan.key : null,
    planVersion: named ? plan.version : null,
    seats: Number(body.seats ?? 1),
    service: time.service,
    full: time.period,
    prorationUnit: plan.prorationUnit,
    timeZone: time.timeZone,
  };
  const prices = plan.pricesIn(currency);
  const quantities = new Map(Object.entries(body.quantities ?? {}));
  checkNames(quantities, prices, faults);
  const used = usedOf(quantities, body.events ?? null, prices, meters, about, faults);
  const seats = new Map(
    prices.flatMap((price) => {
      const given = price.type === "seat" ? quantities.get(price.key) : undefined;
      return given === undefined ? [] : [[price.key, seatsOf(given, `quantities.${price.key}`, faults)]];
    }),
  );
  if (faults.length > 0) throw refusal(faults);

  const lines = prices.flatMap((price) => {
    if (price.type !== "usage") return [recurringLine(price, { ...about, seats: seats.get(price.key) ?? about.seats })];
    return (used.get(price.key) ?? [NOTHING_USED]).map((each) => lineOf(price, about, each));
  });
  const commitment = commitmentLine([{ plan, about }], about.service.end, currency, lines, []);
  if (commitment) lines.push({ ...commitment, planKey: about.planKey, planVersion: about.planVersion });
  const total = subtotalOf(lines);
  return { currency, lines: lines.map(draftLineView), subtotal: total, total };
}

function lineOf(price: Price, about: LineContext, used: Consumption): DraftLine {
  if (price.timing === "in_advance") return advanceLine(price, about, used);
  const { events, ...metered } = used;
  const needed = eventsNeeded(price);
  const single = events && (needed === "allowance" || needed === "all") ? { events } : {};
  return usageLine(price, about, { ...metered, ...single }, { amount: 0n, rounds: 0 }, false);
}

/** By key: the meters of the body, before those of the catalog. */
function metersOf(body: QuoteBody, catalog: CatalogSnapshot, faults: Fault[]): ReadonlyMap<string, Meter> {
  const meters = new Map(catalog.meters);
  const own = new Set<string>();
  for (const [index, doc] of (body.meters ?? []).entries()) {
    const path = `meters[${index}]`;
    // All events are at hand here, so that also a sum can be carried over from those before the period.
    const carried = doc.recurring === true && carriesOver(doc.aggregation);
    faults.push(...checkMeter(doc, path).filter((fault) => !(carried && fault.path === `${path}.recurring`)));
    if (own.has(doc.key)) faults.push({ path: `${path}.key`, message: `is there twice: ${doc.key}` });
    own.add(doc.key);
    meters.set(doc.key, parseMeter({ no: 0, body: doc, archived: false, used: false }));
  }
  return meters;
}

function checkNames(quantities: Quantities, prices: readonly Price[], faults: Fault[]): void {
  const names = new Set(prices.flatMap((price) => (price.meter === undefined ? [price.key] : [price.key, price.meter])));
  for (const key of quantities.keys()) {
    if (!names.has(key)) faults.push({ path: `quantities.${key}`, message: "names neither a price nor a meter of the prices" });
  }
}

/** What each usage price bills, by its key: what `quantities` says of it, then of its meter, then the events. */
function usedOf(
  quantities: Quantities,
  docs: readonly EventDocument[] | null,
  prices: readonly Price[],
  meters: ReadonlyMap<string, Meter>,
  about: LineContext,
  faults: Fault[],
): ReadonlyMap<string, Consumption[]> {
  const used = new Map<string, Consumption[]>();
  const metered: Price[] = [];
  let values = 0;
  for (const [index, price] of prices.entries()) {
    if (price.type !== "usage" || price.meter === undefined) continue;
    const name = [price.key, price.meter].find((key) => quantities.has(key));
    const meter = meters.get(price.meter);
    values += sizeOf(name === undefined ? docs : quantities.get(name));
    if (values > MAX_VALUES) {
      const message = `makes more than ${MAX_VALUES} single values over all prices`;
      faults.push({ path: name === undefined ? "events" : `quantities.${name}`, message });
      return used;
    }
    if (name !== undefined) used.set(price.key, [givenConsumption(quantities.get(name)!, meter, `quantities.${name}`, faults)]);
    else if (docs && meter) metered.push(price);
    else if (docs)
      faults.push({ path: `prices[${index}].meter`, message: `names no meter of this quote or of the catalog: ${price.meter}` });
  }
  const events = parseEvents(docs ?? [], about.service.start, faults);
  for (const [key, sold] of Map.groupBy(metered, (price) => price.meter!)) {
    for (const [price, list] of consumptionsOf(meters.get(key)!, sold, events, about.service, faults)) used.set(price, list);
  }
  checkSize(prices, used, faults);
  return used;
}

function sizeOf(given: readonly unknown[] | Given | null | undefined): number {
  return Array.isArray(given) ? given.length : 1;
}

function checkSize(prices: readonly Price[], used: ReadonlyMap<string, Consumption[]>, faults: Fault[]): void {
  const lists = [...used.values()].flat();
  if (lists.length > MAX_LINES) faults.push({ path: "events", message: `makes ${lists.length} lines; a quote has at most ${MAX_LINES}` });
  let count = 0;
  for (const price of prices) {
    if (price.timing === "in_advance") for (const each of used.get(price.key) ?? []) count += each.eventCount;
  }
  if (count > MAX_ADVANCE_EVENTS) {
    const message = `has ${count} events for prices in advance, which are priced one by one; a quote takes at most ${MAX_ADVANCE_EVENTS}`;
    faults.push({ path: "events", message });
  }
}

// Several meters may say the same of one event.
function refusal(faults: readonly Fault[]) {
  const first = new Map(faults.toReversed().map((fault) => [fault.path, fault]));
  return invalid(faults.filter((fault) => first.get(fault.path) === fault).slice(0, 100));
}
