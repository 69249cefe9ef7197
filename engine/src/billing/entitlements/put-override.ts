/** Gives one tenant something else of a feature than its plan does, or takes that back. */
import type { Tx } from "../../commit.ts";
import { Refusal } from "../../errors.ts";
import { assertOverride, type Override } from "./override.ts";
import { featureNotFound } from "./read-account.ts";
import { deleteOverride, type OverrideRow, upsertOverride } from "./store.ts";
import { overrideView } from "./view.ts";

/** Replaces the one that is there. Throws `feature_not_found`, and `invalid_request` for what the feature's type does not take. */
export async function putOverride(tx: Tx, tenantId: string, override: Override): Promise<{ row: OverrideRow; created: boolean }> {
  const known = (await tx.ctx.catalog.current()).features.get(override.feature);
  const feature = known ?? (await tx.ctx.catalog.current({ fresh: true })).features.get(override.feature);
  if (!feature) throw featureNotFound(override.feature);
  assertOverride(override, feature.type, tx.now);
  const stored = await upsertOverride(tx, tenantId, override, tx.now);
  tx.emit({
    type: "entitlement.overridden",
    tenantId,
    subject: override.feature,
    summary: `What the tenant is given of ${override.feature} was set by hand.`,
    data: overrideView(stored.row),
  });
  return stored;
}

/** Throws `not_found`. */
export async function removeOverride(tx: Tx, tenantId: string, feature: string): Promise<OverrideRow> {
  const row = await deleteOverride(tx, tenantId, feature);
  if (!row) throw new Refusal("not_found", `Nothing overrides the feature ${JSON.stringify(feature)} of this tenant.`);
  tx.emit({
    type: "entitlement.override_removed",
    tenantId,
    subject: feature,
    summary: `Of ${feature} the tenant has again what its plan says.`,
    data: { feature },
  });
  return row;
}
