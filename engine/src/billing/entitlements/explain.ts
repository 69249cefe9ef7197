/** Why a check is answered as it is: the rule behind it, where that rule comes from, and a sentence for a person. */
import type { Context } from "../../context.ts";
import { Refusal } from "../../errors.ts";
import { formatInstant } from "../time/instant.ts";
import type { Check } from "./decide.ts";
import type { Given } from "./read-account.ts";

/** Throws `tenant_not_found`, `feature_not_found`. */
export async function explainCheck(ctx: Context, tenantId: string, feature: string) {
  const { given } = await ctx.entitlements.state(tenantId);
  const check = await ctx.entitlements.check(tenantId, feature, null);
  const now = await ctx.tenants.now(given.account.tenant);
  const override = given.account.overrides.find((one) => one.feature === feature && (one.expiresAt === null || now < one.expiresAt));
  const { subscription } = given.account;
  const grant = given.grants.get(feature);
  if (!grant) throw new Refusal("feature_not_found", `There is no feature ${JSON.stringify(feature)}.`);
  return {
    check,
    sentence: sentenceOf(check, given, override !== undefined),
    source: override ? "override" : given.standing.bought ? "plan" : given.plan ? "default_plan" : "nothing",
    plan: given.plan?.key ?? null,
    plan_version: given.plan?.version ?? null,
    subscribed_plan: subscription?.plan_key ?? null,
    status: given.standing.status,
    grace_until: subscription?.grace_until == null ? null : formatInstant(subscription.grace_until),
    entitlements: (given.plan?.entitlements ?? []).filter((one) => one.feature === feature),
    override: override
      ? {
          ...(override.enabled === undefined ? {} : { enabled: override.enabled }),
          ...(override.limit === undefined ? {} : { limit: override.limit }),
          ...(override.window === undefined ? {} : { window: override.window }),
          ...(override.enforcement === undefined ? {} : { enforcement: override.enforcement }),
          ...(override.value === undefined ? {} : { value: override.value }),
          expires_at: override.expiresAt === null ? null : formatInstant(override.expiresAt),
          reason: override.reason,
        }
      : null,
    meter: grant.meter?.key ?? null,
  };
}

function sentenceOf(check: Check, given: Given, overridden: boolean): string {
  const { feature } = check;
  const whose = overridden ? "what was set for this tenant by hand" : given.plan ? `the plan ${given.plan.key}` : "no plan";
  switch (check.reason) {
    case "granted":
      return check.limit === null
        ? `${feature} is given by ${whose}${check.type === "metered" ? ", without a limit" : ""}.`
        : `${feature} is given by ${whose}: ${check.used} of ${check.limit} are used in this ${windowOf(check)}, ${check.remaining} are left.`;
    case "limit_reached":
      return `${feature} is limited by ${whose} to ${check.limit} in a ${windowOf(check)}, and ${check.used} are used${
        check.resets_at === null ? "" : `; it begins anew at ${check.resets_at}`
      }.${check.has_access ? " The limit is soft: more is recorded, and said." : ""}`;
    case "not_in_plan":
      return overridden ? `${feature} was denied to this tenant by hand.` : `${feature} is not in ${whose}.`;
    case "past_due":
      return `A payment has failed and the grace is over, so ${whose} holds in place of what was bought, and ${feature} is not in it.`;
    case "paused":
      return `The subscription is paused, which stops all access.`;
    case "no_subscription":
      return `The tenant has no subscription, and ${feature} is not given without one.`;
  }
}

const windowOf = (check: Check) => (check.window ?? "window").replace("_", " ");
