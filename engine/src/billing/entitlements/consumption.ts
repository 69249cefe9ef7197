/** One consumption: the usage events that record it, and what it was asked under. */
import { hash } from "node:crypto";
import { type Fault, invalid, Refusal } from "../../errors.ts";
import type { CatalogSnapshot } from "../catalog/cache.ts";
import type { Meter } from "../catalog/meter.ts";
import { type Decimal, ONE } from "../money/decimal.ts";
import type { TenantRef } from "../tenants/cache.ts";
import type { Instant } from "../time/instant.ts";
import type { RawEvent, UsageEvent } from "../usage/event.ts";
import { prepare } from "../usage/prepare.ts";
import type { Check } from "./decide.ts";

export interface Ask {
  tenant: TenantRef;
  feature: string;
  quantity: Decimal;
  key: string;
  properties: Readonly<Record<string, unknown>>;
}

/** What was answered; `json` is its text, the same for every answer under its key. */
export interface Consumed {
  json: string;
  /** Under this key it had been recorded before. */
  replayed: boolean;
}

export interface Consumption extends Check {
  id: string;
  status: "accepted" | "duplicate";
  conflict?: boolean;
  quantity: Decimal;
}

// Each is an event of its own: more are for POST /v1/usage.
const MAX_COUNTED = 1_000;

/** The events of an ask, checked as any others; all of them are read by the meter. Throws `invalid_request`, naming what is missing. */
export function eventsOf(ask: Ask, meter: Meter, catalog: CatalogSnapshot, now: Instant): UsageEvent[] {
  const { amount, properties, count } = spread(ask, meter);
  const raw: RawEvent[] = Array.from({ length: count }, (_none, i) => ({
    tenant_id: ask.tenant.id,
    event: meter.event,
    // The identity of the first is the key's own, so that it is the same event wherever it comes from.
    idempotency_key: i === 0 ? ask.key : `${ask.key}#${i + 1}`,
    properties,
    ...(amount === null ? {} : { amount }),
  }));
  const events = prepare(raw, {
    catalog,
    tenants: new Map([[ask.tenant.id, ask.tenant]]),
    nowOf: () => now,
    limits: { maxAgeDays: 1, maxAheadMinutes: 1 },
    batch: false,
    names: { amount: "quantity" },
  });
  if (!events[0]!.readings.some((reading) => reading.meter.key === meter.key)) throw passedBy(meter, properties);
  return events;
}

/** Where the quantity goes: into the meter's property, the event's amount, or the number of events. */
function spread(
  { quantity, properties }: Ask,
  meter: Meter,
): { amount: string | null; properties: Record<string, unknown>; count: number } {
  const filled = { ...only(meter.filters), ...properties };
  if (meter.aggregation === "count") {
    if (quantity.lt(ONE) || !quantity.mod(ONE).eq("0") || quantity.gt(String(MAX_COUNTED)))
      throw invalid([
        { path: "quantity", message: `must be a whole number from 1 to ${MAX_COUNTED}: the meter ${meter.key} counts events` },
      ]);
    return { amount: null, properties: filled, count: JSON.parse(quantity.toFixed()) as number };
  }
  if (meter.aggregation === "unique_count") {
    if (!quantity.eq(ONE)) throw invalid([{ path: "quantity", message: `must be 1: the meter ${meter.key} counts different values` }]);
    return { amount: null, properties: filled, count: 1 };
  }
  if (meter.property === null) return { amount: quantity.toFixed(), properties: filled, count: 1 };
  if (Object.hasOwn(properties, meter.property)) {
    throw invalid([{ path: `properties.${meter.property}`, message: `is what the meter ${meter.key} reads: say it as quantity` }]);
  }
  return { amount: null, properties: { ...filled, [meter.property]: asNumber(quantity) }, count: 1 };
}

/** A filter that lets one value pass says what it is. */
function only(filters: Meter["filters"]): Record<string, string> {
  return Object.fromEntries(Object.entries(filters).flatMap(([name, values]) => (values.length === 1 ? [[name, values[0]!]] : [])));
}

function passedBy(meter: Meter, properties: Readonly<Record<string, unknown>>): Refusal {
  const faults: Fault[] = Object.entries(meter.filters).flatMap(([name, values]) =>
    values.includes(String(properties[name]))
      ? []
      : [{ path: `properties.${name}`, message: `must be one of ${values.join(", ")}: the meter ${meter.key} counts no other` }],
  );
  return invalid(faults.length > 0 ? faults : [{ path: "properties", message: `are passed by by the filters of the meter ${meter.key}` }]);
}

// As callers of POST /v1/usage send it; a text where a double would lose digits.
function asNumber(quantity: Decimal): unknown {
  const text = quantity.toFixed();
  const value: unknown = JSON.parse(text);
  return String(value) === text ? value : text;
}

/** Of what was asked under a key: 16 bytes as a latin1 text. */
export function contentOf({ feature, quantity, properties }: Ask): string {
  const sorted = Object.entries(properties).sort(([a], [b]) => (a < b ? -1 : 1));
  return hash("sha256", JSON.stringify([feature, quantity.toFixed(), sorted]), "binary").slice(0, 16);
}

/** What counts a feature; null: nothing does, or there is no such feature. */
export function meterOf(catalog: CatalogSnapshot, feature: string): Meter | null {
  return catalog.meters.get(catalog.features.get(feature)?.meter ?? "") ?? null;
}

/** The feature is not given at all: coming again later does not help. */
export function denied(check: Check): Refusal {
  return new Refusal("forbidden", `The tenant may not use ${check.feature}: ${DENIED[check.reason] ?? check.reason}.`, {
    extra: { feature: check.feature, reason: check.reason, has_access: false },
  });
}

const DENIED: Readonly<Record<string, string>> = {
  not_in_plan: "its plan does not include it",
  past_due: "a payment is overdue and the grace is over",
  paused: "its subscription is paused",
  no_subscription: "it has no subscription, and there is no default plan that includes it",
};

/** A hard limit would be passed; nothing was recorded. */
export function quotaExceeded(check: Check, quantity: Decimal): Refusal {
  const { type: _type, value: _value, limits, ...rest } = check;
  const until = check.resets_at === null ? "" : ` It resets at ${check.resets_at}.`;
  return new Refusal(
    "quota_exceeded",
    `${quantity.toFixed()} more of ${check.feature} would pass its limit of ${check.limit!.toFixed()} in the ${check.window}.${until}`,
    { extra: { ...rest, limits, quantity } },
  );
}
