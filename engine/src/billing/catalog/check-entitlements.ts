/** What a plan grants of each feature, by the feature's type. */
import type { Fault } from "../../errors.ts";
import type { EntitlementDocument, FeatureDocument } from "./document.ts";
import type { FeatureType } from "./feature.ts";

const FIELDS = ["enabled", "limit", "window", "enforcement", "value"] as const;
const TAKES: Record<FeatureType, readonly string[]> = {
  boolean: ["enabled"],
  metered: ["enabled", "limit", "window", "enforcement"],
  config: ["value"],
};

export function checkEntitlements(
  docs: readonly EntitlementDocument[],
  features: ReadonlyMap<string, FeatureDocument>,
  path: string,
): Fault[] {
  const faults: Fault[] = [];
  const seen = new Set<string>();
  for (const [index, doc] of docs.entries()) {
    const at = `${path}[${index}]`;
    const feature = features.get(doc.feature);
    if (!feature) {
      faults.push({ path: `${at}.feature`, message: `names no feature of the catalog: ${doc.feature}` });
      continue;
    }
    faults.push(...checkEntitlement(doc, feature.type, at));
    // Several limits on one feature stand side by side, one for each window.
    const place = feature.type === "metered" ? `${doc.feature} ${doc.window ?? "billing_period"}` : doc.feature;
    if (seen.has(place))
      faults.push({ path: `${at}.feature`, message: `grants ${doc.feature} twice${feature.type === "metered" ? " in one window" : ""}` });
    seen.add(place);
  }
  return faults;
}

function checkEntitlement(doc: EntitlementDocument, type: FeatureType, at: string): Fault[] {
  const faults: Fault[] = [];
  for (const field of FIELDS) {
    const given = field === "limit" || field === "value" ? doc[field] !== undefined : doc[field] != null;
    if (given && !TAKES[type].includes(field)) faults.push({ path: `${at}.${field}`, message: `does not belong to a ${type} feature` });
  }
  if (type === "metered" && doc.limit === undefined && doc.enabled == null) {
    faults.push({ path: `${at}.limit`, message: "a metered feature needs a limit; null is unlimited" });
  }
  if (type === "config" && doc.value === undefined) faults.push({ path: `${at}.value`, message: "a config feature needs a value" });
  return faults;
}
