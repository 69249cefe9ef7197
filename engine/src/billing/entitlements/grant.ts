/** What a tenant is given of each feature at an instant: of its plan, of what overrides it, or nothing and why. */
import type { CatalogSnapshot } from "../catalog/cache.ts";
import type { Feature } from "../catalog/feature.ts";
import type { Meter } from "../catalog/meter.ts";
import type { Entitlement, Plan } from "../catalog/plan.ts";
import { type Decimal, decimal } from "../money/decimal.ts";
import type { Instant } from "../time/instant.ts";
import type { Window } from "../time/window.ts";
import { type Override, overridden, windowOf } from "./override.ts";
import type { Cause } from "./standing.ts";

export const REASONS = ["granted", "not_in_plan", "limit_reached", "past_due", "paused", "no_subscription"] as const;
export type Reason = (typeof REASONS)[number];

export interface Limit {
  /** null: unlimited. */
  amount: Decimal | null;
  window: Window;
  enforcement: "hard" | "soft";
}

export interface Grant {
  feature: Feature;
  /** What counts it; null: it is not metered. */
  meter: Meter | null;
  /** Why it is denied; null: it is given. */
  denied: Reason | null;
  /** Of a config feature. */
  value: unknown;
  /** Of a metered feature that is given: at least one. */
  limits: readonly Limit[];
}

export interface Terms {
  catalog: CatalogSnapshot;
  /** What holds: the plan that was bought, or the default one; null: neither. */
  plan: Plan | null;
  cause: Cause | null;
  overrides: readonly Override[];
}

/** Every feature on sale, and those that the plan still gives, by key. */
export function grantsOf(terms: Terms, now: Instant): Map<string, Grant> {
  const entries = Map.groupBy(terms.plan?.entitlements ?? [], (entry) => entry.feature);
  const overrides = new Map(
    terms.overrides.filter(({ expiresAt }) => expiresAt === null || now < expiresAt).map((one) => [one.feature, one]),
  );
  const grants = new Map<string, Grant>();
  for (const feature of terms.catalog.features.values()) {
    if (feature.archived && !entries.has(feature.key) && !overrides.has(feature.key)) continue;
    grants.set(feature.key, grantOf(terms, feature, entries.get(feature.key) ?? [], overrides.get(feature.key)));
  }
  return grants;
}

function grantOf(terms: Terms, feature: Feature, ofPlan: readonly Entitlement[], override: Override | undefined): Grant {
  const meter = feature.meter === null ? null : (terms.catalog.meters.get(feature.meter) ?? null);
  const refused = (denied: Reason): Grant => ({ feature, meter, denied, value: null, limits: [] });
  // A pause stops all access, whatever was given beside the plan.
  if (terms.cause === "paused") return refused("paused");
  const entries = override ? overridden(ofPlan, override, feature.type) : ofPlan;
  const given = entries.filter((entry) => entry.enabled !== false);
  // A metered feature without its meter could not be counted: the catalog refuses it, so that it is never unlimited by a slip.
  if (given.length === 0 || (feature.type === "metered" && meter === null)) {
    return refused(terms.cause !== null && (terms.cause === "past_due" || terms.plan === null) ? terms.cause : "not_in_plan");
  }
  const value = feature.type === "config" ? (given[0]!.value ?? null) : null;
  return { feature, meter, denied: null, value, limits: feature.type === "metered" ? given.map(limitOf) : [] };
}

function limitOf(entry: Entitlement): Limit {
  return {
    amount: entry.limit == null ? null : decimal(entry.limit),
    window: windowOf(entry),
    enforcement: entry.enforcement ?? "hard",
  };
}
