/** The questions: may the tenant use a feature, and what may it use at all. */
import type { Context } from "../../context.ts";
import { onPool } from "../../db/pool.ts";
import { Refusal, tenantNotFound } from "../../errors.ts";
import { type Decimal, ZERO } from "../money/decimal.ts";
import { windowAt } from "../time/window.ts";
import { readQuantities } from "../usage/quantity.ts";
import { type Check, decide, isUsedUp, type LimitState, stateOf, tightest } from "./decide.ts";
import type { Limit } from "./grant.ts";
import { countGrants, type Given, givenAt } from "./read-account.ts";
import { readAccounts } from "./store.ts";

/** `quantity`: how much more is asked for. Throws `tenant_not_found`, `feature_not_found`. */
export async function checkFeature(ctx: Context, tenantId: string, feature: string, quantity: Decimal | null): Promise<Check> {
  const { given, now } = await readGiven(ctx, tenantId);
  const grant = given.grants.get(feature);
  if (!grant) throw featureNotFound(feature);
  const [counted] = await countGrants(onPool(ctx.pool), [{ given, grant, now }]);
  return decide(grant, counted!, quantity);
}

/** All that a tenant may use, as the API shows it. */
export interface Entitlements {
  tenant_id: string;
  plan: string | null;
  plan_version: number | null;
  status: string;
  features: Record<string, Check>;
}

/** Throws `tenant_not_found`. */
export async function readEntitlements(ctx: Context, tenantId: string): Promise<Entitlements> {
  const { given, now } = await readGiven(ctx, tenantId);
  const grants = [...given.grants.values()];
  const counted = await countGrants(
    onPool(ctx.pool),
    grants.map((grant) => ({ given, grant, now })),
  );
  return {
    tenant_id: tenantId,
    plan: given.plan?.key ?? null,
    plan_version: given.plan?.version ?? null,
    status: given.standing.status,
    features: Object.fromEntries(grants.map((grant, i) => [grant.feature.key, decide(grant, counted[i]!, null)])),
  };
}

export interface Exceeded extends LimitState {
  meter: string;
  feature: string | null;
  exceeded: boolean;
}

/** The tightest limit that any feature sets on a meter. Throws `tenant_not_found`, `meter_not_found`. */
export async function checkMeter(ctx: Context, tenantId: string, meterKey: string): Promise<Exceeded> {
  const { given, now } = await readGiven(ctx, tenantId);
  const meter = (await ctx.catalog.current()).meters.get(meterKey);
  if (!meter) throw new Refusal("meter_not_found", `There is no meter ${JSON.stringify(meterKey)}.`);
  const db = onPool(ctx.pool);
  const grants = [...given.grants.values()].filter((grant) => grant.meter?.key === meterKey);
  const granted = grants.filter((grant) => grant.denied === null);
  if (granted.length > 0) {
    const counted = await countGrants(
      db,
      granted.map((grant) => ({ given, grant, now })),
    );
    const all = granted.flatMap((grant, i) => counted[i]!.map((one) => ({ ...one, feature: grant.feature.key })));
    const tight = tightest(all, isUsedUp);
    const { used, ...state } = stateOf(tight);
    return { meter: meterKey, feature: tight.feature, ...state, used, exceeded: isUsedUp(tight) };
  }
  const period = windowAt("billing_period", given.account.tenant.timeZone, now, given.standing.period);
  const [answer] = await readQuantities(db, [{ tenantNo: given.account.tenant.no, meter, ...period }]);
  const limit: Limit = { amount: grants.length > 0 ? ZERO : null, window: "billing_period", enforcement: "hard" };
  const counted = { limit, period, used: answer![0]!.value };
  return { meter: meterKey, feature: grants[0]?.feature.key ?? null, ...stateOf(counted), exceeded: isUsedUp(counted) };
}

export function featureNotFound(feature: string): Refusal {
  return new Refusal("feature_not_found", `There is no feature ${JSON.stringify(feature)}.`);
}

async function readGiven(ctx: Context, tenantId: string): Promise<{ given: Given; now: number }> {
  const tenant = await ctx.tenants.find(tenantId);
  if (!tenant) throw tenantNotFound(tenantId);
  const now = await ctx.tenants.now(tenant);
  const [account] = await readAccounts(onPool(ctx.pool), [tenant]);
  return { given: await givenAt(ctx, await ctx.catalog.current(), account!, now), now };
}
