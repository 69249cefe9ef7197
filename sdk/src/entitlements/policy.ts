/** What holds while the engine cannot be reached: nobody's guess, but what you said, feature by feature. */

/**
 * `open`: let it through. `closed`: refuse. `last_known`: what the engine last said, less what was let through since; a feature that was
 * never asked about is refused (`last_known_or_open`: let through).
 */
export type OutagePolicy = "open" | "closed" | "last_known" | "last_known_or_open";

export interface OutagePolicies {
  /** For features that are not named; "last_known" if not said. */
  default?: OutagePolicy;
  /** By the key of the feature. */
  features?: Readonly<Record<string, OutagePolicy>>;
}

export function policyOf(policies: OutagePolicies | OutagePolicy | undefined, feature: string): OutagePolicy {
  if (typeof policies === "string") return policies;
  // A feature may be called "constructor".
  const { features = {}, default: otherwise = "last_known" } = policies ?? {};
  return Object.hasOwn(features, feature) ? features[feature]! : otherwise;
}
