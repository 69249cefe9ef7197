/** What one tenant is given of a feature in place of what its plan says. */
import { type Fault, invalid } from "../../errors.ts";
import type { FeatureType } from "../catalog/feature.ts";
import type { Entitlement } from "../catalog/plan.ts";
import type { Instant } from "../time/instant.ts";
import type { Window } from "../time/window.ts";

/** undefined: the override says nothing of it. */
export interface Override {
  feature: string;
  enabled?: boolean;
  /** null: unlimited. Decimal text. */
  limit?: string | null;
  window?: Window;
  enforcement?: "hard" | "soft";
  value?: unknown;
  /** From then on the plan holds again; null: never. */
  expiresAt: Instant | null;
  reason: string | null;
}

const TAKES: Record<FeatureType, readonly string[]> = {
  boolean: ["enabled"],
  metered: ["enabled", "limit", "window", "enforcement"],
  config: ["enabled", "value"],
};

/** Refuses what does not belong to the type of the feature, or says nothing. Throws `invalid_request`, naming each field. */
export function assertOverride(override: Override, type: FeatureType, now: Instant): void {
  const faults: Fault[] = [];
  for (const field of ["enabled", "limit", "window", "enforcement", "value"] as const) {
    if (override[field] !== undefined && !TAKES[type].includes(field))
      faults.push({ path: field, message: `does not belong to a ${type} feature` });
  }
  const says = { boolean: ["enabled"], metered: ["enabled", "limit"], config: ["value", "enabled"] } as const;
  if (!says[type].some((field) => override[field] !== undefined))
    faults.push({ path: says[type][0], message: `is required: an override of a ${type} feature says ${says[type].join(" or ")}` });
  for (const field of ["window", "enforcement"] as const) {
    if (override[field] !== undefined && override.limit === undefined && type === "metered")
      faults.push({ path: "limit", message: `is required beside ${field}; null is unlimited` });
  }
  if (override.expiresAt !== null && override.expiresAt <= now) faults.push({ path: "expires_at", message: "must lie in the future" });
  if (faults.length > 0) throw invalid(faults);
}

/**
 * The entitlements of one feature under an override. One with a window stands for the plan's limit in that window and leaves the
 * others; one without stands for all that the plan says, in the plan's window where it has just one.
 */
export function overridden(entries: readonly Entitlement[], override: Override, type: FeatureType): Entitlement[] {
  const { feature, enabled, limit, window, enforcement, value } = override;
  if (enabled === false) return [{ feature, enabled }];
  const granted = entries.filter((entry) => entry.enabled !== false);
  if (type === "boolean") return [{ feature, enabled: true }];
  if (type === "config") return value === undefined ? granted : [{ feature, value }];
  if (limit === undefined) return granted.length > 0 ? granted : [{ feature, enabled: true }];
  const others = window === undefined ? [] : granted.filter((entry) => windowOf(entry) !== window);
  const replaced = window === undefined ? granted : granted.filter((entry) => windowOf(entry) === window);
  const [only] = replaced.length === 1 ? replaced : [];
  return [
    ...others,
    {
      feature,
      limit,
      window: window ?? (only === undefined ? "billing_period" : windowOf(only)),
      enforcement: enforcement ?? only?.enforcement ?? "hard",
    },
  ];
}

export function windowOf(entry: Pick<Entitlement, "window">): Window {
  return entry.window ?? "billing_period";
}
