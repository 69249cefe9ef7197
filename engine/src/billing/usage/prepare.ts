/** Checks events as they came in and makes them ready to be stored. All faults of a request are found at once, each at its field. */
import { type Fault, invalid, tenantNotFound } from "../../errors.ts";
import { newId } from "../../ids.ts";
import type { CatalogSnapshot } from "../catalog/cache.ts";
import type { TenantRef } from "../tenants/cache.ts";
import { formatInstant, type Instant, parseMicros } from "../time/instant.ts";
import { identityOf, type RawEvent, type Reading, type UsageEvent } from "./event.ts";
import type { Sent } from "./queued-event.ts";
import { metersOf, quantityText, readEvent } from "./reading.ts";

/** What the events of one request are checked against. */
export interface Surroundings {
  catalog: CatalogSnapshot;
  /** Those the caller may write to. */
  tenants: ReadonlyMap<string, TenantRef>;
  /** `now` of each of them, by its own clock. */
  nowOf: (tenant: TenantRef) => Instant;
  limits: { maxAgeDays: number; maxAheadMinutes: number };
  /** An array was sent: faults are named by their index, and an unknown tenant is one of them. */
  batch: boolean;
  /** What the caller calls our fields, where it is something else (CloudEvents). */
  names?: Readonly<Record<string, string>>;
  /** When they were taken in, where that was before they came here. */
  sent?: readonly (Sent | null)[];
}

const FIELDS = new Set(["tenant_id", "event", "amount", "at", "idempotency_key", "properties"]);
const EVENT_NAME = /^[A-Za-z0-9_.:\-/]{1,128}$/;
const ASCII_KEY = /^[\x20-\x7e]{1,255}$/;
const PRINTABLE_KEY = /^[^\p{C}]{1,255}$/u;
const MAX_PROPERTIES = 64;
const MAX_PROPERTIES_BYTES = 16_384;
const MAX_FAULTS = 100;
const NO_PROPERTIES = Object.freeze({});

export function prepare(raw: readonly RawEvent[], around: Surroundings): UsageEvent[] {
  const faults: Fault[] = [];
  const events: UsageEvent[] = [];
  for (let i = 0; i < raw.length; i++) {
    const event = prepareOne(raw[i]!, around, around.sent?.[i] ?? null, (path, message) => {
      const named = around.names ? rename(path, around.names) : path;
      faults.push(
        around.batch ? ({ index: i, path: named === "" ? `[${i}]` : `[${i}].${named}`, message } as Fault) : { path: named, message },
      );
    });
    if (event) events.push(event);
    if (faults.length >= MAX_FAULTS) break;
  }
  if (faults.length > 0) throw refusal(raw, faults, around);
  return events;
}

function refusal(raw: readonly RawEvent[], faults: Fault[], around: Surroundings) {
  const [only] = faults;
  const named = raw[0]?.tenant_id;
  if (!around.batch && faults.length === 1 && only!.path === (around.names?.tenant_id ?? "tenant_id") && typeof named === "string")
    return tenantNotFound(named);
  return invalid(faults.slice(0, MAX_FAULTS));
}

function rename(path: string, names: Readonly<Record<string, string>>): string {
  const [field = ""] = path.split(".", 1);
  return (names[field] ?? field) + path.slice(field.length);
}

function prepareOne(
  raw: RawEvent,
  around: Surroundings,
  sent: Sent | null,
  fault: (path: string, message: string) => void,
): UsageEvent | null {
  if (raw === null || typeof raw !== "object" || Array.isArray(raw)) {
    fault("", "must be an object");
    return null;
  }
  let whole = true;
  const complain = (path: string, message: string): void => {
    whole = false;
    fault(path, message);
  };
  for (const name in raw) if (!FIELDS.has(name)) complain(name.slice(0, 100), "is not a known field");

  const { tenant_id, event, idempotency_key: key = newId("usageEvent") } = raw;
  const tenant = typeof tenant_id === "string" ? around.tenants.get(tenant_id) : undefined;
  if (tenant_id === undefined) complain("tenant_id", "is required");
  else if (typeof tenant_id !== "string") complain("tenant_id", "must be a string");
  else if (!tenant) complain("tenant_id", "names no tenant");

  if (event === undefined) complain("event", "is required");
  else if (typeof event !== "string" || !EVENT_NAME.test(event)) {
    complain("event", "must be a text of 1 to 128 letters, digits or _ . : - /");
  }
  if (typeof key !== "string" || (!ASCII_KEY.test(key) && !PRINTABLE_KEY.test(key))) {
    complain("idempotency_key", "must be a text of 1 to 255 printable characters");
  }

  const amount = raw.amount === undefined ? "1" : quantityText(raw.amount);
  if (amount === null) complain("amount", "must be a number or a decimal text, with at most 26 digits before and 20 after the point");
  else if (amount.startsWith("-")) complain("amount", "must not be below zero; a correction goes by a property");

  const { properties = NO_PROPERTIES } = raw;
  const propertiesJson = checkProperties(properties, complain);
  const now = tenant ? around.nowOf(tenant) : null;
  const atUs = tenant === undefined || now === null ? null : checkTime(raw.at, takenIn(tenant, now, sent), around.limits, complain);
  if (!whole || !tenant || amount === null || atUs === null || propertiesJson === null || now === null) return null;

  const readings: Reading[] = [];
  for (const meter of metersOf(around.catalog, event as string)) {
    const reading = readEvent(meter, amount, properties as Record<string, unknown>, complain);
    if (reading) readings.push(reading);
  }
  if (!whole) return null;
  return {
    tenant,
    identity: identityOf(tenant.id, event as string, key as string),
    event: event as string,
    key: key as string,
    atUs,
    atGiven: raw.at !== undefined,
    receivedUs: now * 1_000,
    amount,
    properties: properties as Record<string, unknown>,
    propertiesJson,
    readings,
  };
}

/** The now by which an event's time is judged: how long it waited is not its fault. */
function takenIn(tenant: TenantRef, now: Instant, sent: Sent | null): Instant {
  if (sent === null || (sent.clock === "system" && tenant.testClockId !== null)) return now;
  return Math.min(sent.at, now);
}

/** Microseconds, within what the tenant's clock allows; null and told where not. */
function checkTime(
  at: unknown,
  now: Instant,
  limits: Surroundings["limits"],
  complain: (path: string, message: string) => void,
): number | null {
  if (at === undefined) return now * 1_000;
  const us = typeof at === "string" && at.length <= 64 ? parseMicros(at) : null;
  if (us === null) complain("at", "must be an instant in RFC 3339 form, such as 2026-01-31T00:00:00Z");
  else if (us < (now - limits.maxAgeDays * 86_400_000) * 1_000) {
    complain("at", `is more than ${limits.maxAgeDays} days before the tenant's now, ${formatInstant(now)}`);
  } else if (us > (now + limits.maxAheadMinutes * 60_000) * 1_000) {
    complain("at", `is more than ${limits.maxAheadMinutes} minutes after the tenant's now, ${formatInstant(now)}`);
  } else return us;
  return null;
}

/** Their JSON text; null and told where they cannot be stored. */
function checkProperties(properties: unknown, complain: (path: string, message: string) => void): string | null {
  if (properties === NO_PROPERTIES) return "{}";
  if (properties === null || typeof properties !== "object" || Array.isArray(properties)) {
    complain("properties", "must be an object");
    return null;
  }
  let count = 0;
  for (const name in properties) {
    count += 1;
    if (name.length > 128 || name === "") complain(`properties.${name.slice(0, 100)}`, "must have a name of 1 to 128 characters");
  }
  if (count > MAX_PROPERTIES) complain("properties", `must have at most ${MAX_PROPERTIES} fields`);
  const json = JSON.stringify(properties);
  // A UTF-16 unit is at most three bytes: most texts need not be measured.
  if (json.length * 3 > MAX_PROPERTIES_BYTES && Buffer.byteLength(json) > MAX_PROPERTIES_BYTES) {
    complain("properties", "must not be larger than 16 KiB");
    return null;
  }
  return json;
}
