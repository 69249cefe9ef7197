/** The questions: may the tenant use a feature, what may it use at all, and is the limit on a meter used up. */
import type { Context } from "../../context.ts";
import { onPool } from "../../db/pool.ts";
import { Refusal } from "../../errors.ts";
import { ZERO } from "../money/decimal.ts";
import { windowAt } from "../time/window.ts";
import { readQuantities } from "../usage/quantity.ts";
import { type Check, isUsedUp, type LimitState, stateOf, tightest } from "./decide.ts";
import type { Limit } from "./grant.ts";
import { countGrants } from "./read-account.ts";

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
  const { given, checks } = await ctx.entitlements.state(tenantId);
  return {
    tenant_id: tenantId,
    plan: given.plan?.key ?? null,
    plan_version: given.plan?.version ?? null,
    status: given.standing.status,
    features: Object.fromEntries(checks),
  };
}

export interface Exceeded extends LimitState {
  meter: string;
  feature: string | null;
  exceeded: boolean;
}

/** The tightest limit that any feature sets on a meter. Throws `tenant_not_found`, `meter_not_found`. */
export async function checkMeter(ctx: Context, tenantId: string, key: string): Promise<Exceeded> {
  const { given } = await ctx.entitlements.state(tenantId);
  const meter = (await ctx.catalog.current()).meters.get(key) ?? (await ctx.catalog.current({ fresh: true })).meters.get(key);
  if (!meter) throw new Refusal("meter_not_found", `There is no meter ${JSON.stringify(key)}.`);
  const { tenant } = given.account;
  const now = await ctx.tenants.now(tenant);
  const db = onPool(ctx.pool);
  const grants = [...given.grants.values()].filter((grant) => grant.meter?.no === meter.no);
  const granted = grants.filter((grant) => grant.denied === null);
  const counted = await countGrants(
    db,
    granted.map((grant) => ({ given, grant, now })),
  );
  const all = granted.flatMap((grant, i) => counted[i]!.map((one) => ({ ...one, feature: grant.feature.key })));
  if (all.length > 0) {
    const tight = tightest(all, isUsedUp);
    return { meter: key, feature: tight.feature, ...stateOf(tight), exceeded: isUsedUp(tight) };
  }
  // Features read it, and the tenant is given none of them: that is nothing, not without a limit.
  const limit: Limit = { amount: grants.length > 0 ? ZERO : null, window: "billing_period", enforcement: "hard" };
  const period = windowAt("billing_period", tenant.timeZone, now, given.standing.period);
  const [answer] = await readQuantities(db, [{ tenantNo: tenant.no, meter, ...period }]);
  const nothing = { limit, period, used: answer![0]!.value };
  return { meter: key, feature: grants[0]?.feature.key ?? null, ...stateOf(nothing), exceeded: isUsedUp(nothing) };
}
