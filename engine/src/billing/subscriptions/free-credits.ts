/**
 * The credits of the default plan, for tenants without a subscription: by the plan's interval, counted from when the tenant was
 * made. Who has a subscription has its credits instead; when that ends, the next period of these comes in its time.
 */
import type { Tx } from "../../commit.ts";
import type { AppendedEvent } from "../../events/append.ts";
import type { Plan } from "../catalog/plan.ts";
import { claimPlanCredits, type PlanCreditClaim } from "../credits/claim-plan-credits.ts";
import { rollOver } from "../credits/roll-over.ts";
import { periodAt } from "../time/period.ts";
import { beginCycles, type FreeCycle, lockDueCycle, moveCycle, setDue } from "./free-credit-store.ts";

const SUBJECT = "free";
const MONTH = { unit: "month", count: 1 } as const;

/** Reaction to `tenant.created` and `tenant.updated`. */
export async function beginFreeCredits(tx: Tx, event: AppendedEvent): Promise<void> {
  if (event.tenantId === null || (await freePlans(tx)).length === 0) return;
  if (event.type === "tenant.updated") {
    const { fields } = event.data as { fields: string[] };
    if (!fields.includes("test_clock")) return;
    await moveCycle(tx, event.tenantId);
  } else await beginCycles(tx, event.tenantId);
  await grantCycles(tx, await lockDueCycle(tx, event.tenantId));
}

/** Reaction to `catalog.changed`: a default plan may have begun to grant credits. The catalog before it may still be cached, so the sweep looks. */
export async function beginAllFreeCredits(tx: Tx): Promise<void> {
  tx.enqueue({ name: "free-credits-due", key: "free-credits-due" });
}

/** The period of each that holds its now, and when the next is due. The cycles are locked. */
export async function grantCycles(tx: Tx, cycles: readonly FreeCycle[]): Promise<void> {
  if (cycles.length === 0) return;
  const plans = await freePlans(tx);
  const planned = cycles.map((cycle) => {
    const plan = plans.find((one) => cycle.currency === null || one.currencies.includes(cycle.currency)) ?? null;
    const period = periodAt(cycle.anchor_at, plan?.interval ?? MONTH, cycle.time_zone, cycle.at);
    return { cycle, plan, period: { start: period.start, end: period.end } };
  });
  await rollOver(
    tx,
    cycles.map((cycle) => ({ tenantId: cycle.tenant_id, subject: SUBJECT })),
  );
  await claimPlanCredits(
    tx,
    planned.flatMap(({ cycle, plan, period }): PlanCreditClaim[] =>
      plan === null || cycle.subscribed
        ? []
        : [{ tenantId: cycle.tenant_id, subject: SUBJECT, period, cause: "opening", plan, invoice: null, at: cycle.at }],
    ),
  );
  await setDue(
    tx,
    planned.map(({ cycle, period }) => ({ tenantId: cycle.tenant_id, dueAt: period.end })),
  );
}

/** Default plans that grant credits. */
export async function freePlans({ ctx }: Pick<Tx, "ctx">): Promise<Plan[]> {
  const { plans } = await ctx.catalog.current();
  return [...plans.values()].filter((plan) => plan.isDefault && !plan.archived && plan.credits !== null);
}
