/** What callers ask for, checked: each fault at its field. Pure. */
import { invalidField } from "../../errors.ts";
import type { CatalogSnapshot } from "../catalog/cache.ts";
import { type Decimal, ONE, parseDecimal, ZERO } from "../money/decimal.ts";
import { type Instant, parseInstant } from "../time/instant.ts";
import type { ConsumeRequest } from "./consumption.ts";
import { costOf } from "./cost.ts";
import { fingerprintOf } from "./fingerprint.ts";
import type { Source } from "./grant.ts";
import type { GrantInput } from "./grant-credits.ts";

/** Above zero; the schema has seen to its form. */
export function positive(path: string, value: string | number): Decimal {
  const amount = parseDecimal(value);
  if (amount === null || amount.lte(ZERO)) throw invalidField(path, "must be above zero");
  return amount;
}

/** The key of the body, else that of the header. */
export function keyOf(body: { idempotency_key?: string } | undefined, header: string | string[] | undefined): string | null {
  if (body?.idempotency_key !== undefined) return body.idempotency_key;
  if (header === undefined) return null;
  if (typeof header !== "string" || !/^[\x20-\x7e]{1,255}$/.test(header)) {
    throw invalidField("Idempotency-Key", "must have 1 to 255 printable characters");
  }
  return header;
}

export interface ConsumeAsked {
  event_name?: string;
  quantity?: string | number;
  amount?: string | number;
}

export function consumeRequest(tenantId: string, asked: ConsumeAsked, key: string | null, catalog: CatalogSnapshot): ConsumeRequest {
  const { event_name: eventName, amount } = asked;
  if ((eventName === undefined) === (amount === undefined))
    throw invalidField("event_name", "exactly one of event_name and amount must be there");
  const common = { tenantId, partial: false, key };
  if (eventName === undefined) {
    if (asked.quantity !== undefined) throw invalidField("quantity", "goes with event_name, not with amount");
    const credits = positive("amount", amount!);
    return { ...common, amount: credits, byPlan: null, eventName: null, quantity: null, fingerprint: print(key, "amount", credits) };
  }
  const quantity = asked.quantity === undefined ? ONE : positive("quantity", asked.quantity);
  const cost = costOf(catalog, eventName, quantity);
  return { ...common, ...cost, eventName, quantity, fingerprint: print(key, eventName, quantity) };
}

function print(key: string | null, what: string, much: Decimal): string | null {
  return key === null ? null : fingerprintOf("consumed", what, much);
}

export interface GrantAsked {
  amount: string | number;
  source?: Source;
  priority?: number | null;
  effective_at?: string | null;
  expires_at?: string | null;
  reason?: string | null;
}

/** `path` stands before the field in a fault: `[3].`. */
export function grantInput(tenantId: string, asked: GrantAsked, key: string | null, now: Instant, path = ""): GrantInput {
  const instant = (text: string | null | undefined) => (text == null ? null : parseInstant(text));
  const [effectiveAt, expiresAt] = [instant(asked.effective_at), instant(asked.expires_at)];
  if (expiresAt !== null && expiresAt <= Math.max(now, effectiveAt ?? now)) {
    throw invalidField(`${path}expires_at`, "must lie after now and after effective_at");
  }
  return {
    tenantId,
    amount: positive(`${path}amount`, asked.amount),
    source: asked.source ?? "adjustment",
    priority: asked.priority ?? null,
    effectiveAt,
    expiresAt,
    reason: asked.reason ?? null,
    key,
  };
}

/** When a hold is over, and how that was asked for. */
export function holdExpiry(
  asked: { expires_in?: number; expires_at?: string },
  now: Instant,
): { expiresAt: Instant | null; expiry: string | null } {
  if (asked.expires_in !== undefined && asked.expires_at !== undefined)
    throw invalidField("expires_in", "only one of expires_in and expires_at may be there");
  if (asked.expires_in !== undefined) return { expiresAt: now + asked.expires_in * 1_000, expiry: `in ${asked.expires_in}` };
  if (asked.expires_at === undefined) return { expiresAt: null, expiry: null };
  const expiresAt = parseInstant(asked.expires_at)!;
  if (expiresAt <= now) throw invalidField("expires_at", "must lie after now");
  return { expiresAt, expiry: `at ${expiresAt}` };
}

/** A whole, where nothing is said. */
export function optionalAmount(value: string | number | null | undefined): Decimal | null {
  return value == null ? null : positive("amount", value);
}
