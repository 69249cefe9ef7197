/**
 * What plans grant. A period of a subscription is filled up to its plan's credits: by its opening, and by each change to a plan with
 * more. What plans have granted the tenant already for a time that still runs counts, whichever subscription it came with, so that
 * neither going down and up again nor canceling and starting anew mints any (domain §5.4).
 */
import type { Tx } from "../../commit.ts";
import { newId } from "../../ids.ts";
import type { Plan } from "../catalog/plan.ts";
import { decimal, ZERO } from "../money/decimal.ts";
import type { Instant } from "../time/instant.ts";
import type { Period } from "../time/period.ts";
import { DEFAULT_PRIORITY } from "./grant.ts";
import { type GrantInput, grantMany } from "./grant-credits.ts";
import {
  findWaitingOpenings,
  insertPlanCredits,
  noteTakenIn,
  type PlanCreditRow,
  readRunning,
  updatePlanCredits,
} from "./plan-credit-store.ts";
import { lockWallets } from "./store.ts";

export interface PlanCreditClaim {
  tenantId: string;
  /** The subscription; `free` of the default plan of those who have none. */
  subject: string;
  period: Period;
  /** `opening` of a period, else what changed in it. The same cause of the same period claims once. */
  cause: string;
  plan: Pick<Plan, "key" | "version" | "credits">;
  /** What is to be paid first; null: nothing. */
  invoice: { id: string; total: bigint } | null;
  /** The tenant's now where it is another than the write's. */
  at?: Instant;
}

/** Grants at once what nothing is to be paid for; the rest waits for its invoice. Those of plans without credits claim nothing. */
export async function claimPlanCredits(tx: Tx, claims: readonly PlanCreditClaim[]): Promise<void> {
  const rows = claims.flatMap((claim) => (claim.plan.credits === null ? [] : [rowOf(tx, claim, claim.plan.credits)]));
  const wanted = rows.filter((row) => decimal(row.level).gt(ZERO));
  if (wanted.length === 0) return;
  const claimed = await insertPlanCredits(tx, await withOpening(tx, wanted));
  const at = new Map(claims.flatMap((claim) => (claim.at === undefined ? [] : [[claim.tenantId, claim.at]])));
  await grantLevels(
    tx,
    claimed.filter((row) => row.invoice_id === null),
    { at },
  );
}

function rowOf(tx: Tx, claim: PlanCreditClaim, credits: NonNullable<Plan["credits"]>): PlanCreditRow {
  const { rollover } = credits;
  return {
    id: newId("planCredits"),
    tenant_id: claim.tenantId,
    subject: claim.subject,
    period_start: claim.period.start,
    period_end: claim.period.end,
    cause: claim.cause,
    plan_key: claim.plan.key,
    plan_version: claim.plan.version,
    invoice_id: claim.invoice?.id ?? null,
    status: "waiting",
    level: credits.amount,
    priority: credits.priority ?? DEFAULT_PRIORITY.plan,
    rollover: rollover !== false,
    rollover_max: typeof rollover === "object" ? rollover.max : null,
    since: claim.cause === "opening" ? claim.period.start : (claim.at ?? tx.now),
    granted: "0",
    taken_back: "0",
    invoice_total: claim.invoice?.total ?? null,
    credited: 0n,
    revoked: "0",
    grant_id: null,
  };
}

/** A change that costs nothing by itself waits with the opening of its period, where that is not paid. */
async function withOpening(tx: Tx, rows: readonly PlanCreditRow[]): Promise<PlanCreditRow[]> {
  const changes = rows.filter((row) => row.cause !== "opening" && row.invoice_id === null);
  const openings = await findWaitingOpenings(
    tx,
    changes.map((row) => ({ tenantId: row.tenant_id, subject: row.subject, start: row.period_start })),
  );
  if (openings.length === 0) return [...rows];
  return rows.map((row) => {
    const opening = changes.includes(row)
      ? openings.find((one) => one.subject === row.subject && one.tenant_id === row.tenant_id && one.period_start === row.period_start)
      : undefined;
    return opening ? { ...row, invoice_id: opening.invoice_id, invoice_total: opening.invoice_total } : row;
  });
}

export interface GrantTimes {
  /** By claim: when what is granted expires, where that is not the period's end. */
  ends?: ReadonlyMap<string, Instant>;
  /** By tenant: its now, where that is not the write's. */
  at?: ReadonlyMap<string, Instant>;
}

/** Fills up to the levels: grants what is missing, and marks what was claimed as granted. */
export async function grantLevels(tx: Tx, rows: readonly PlanCreditRow[], times: GrantTimes): Promise<void> {
  // Of several of one tenant each must see what the one before it granted.
  const rounds: PlanCreditRow[][] = [];
  for (const row of rows) {
    const round = rounds.find((one) => one.every((other) => other.tenant_id !== row.tenant_id));
    if (round) round.push(row);
    else rounds.push([row]);
  }
  for (const round of rounds) await grantRound(tx, round, times);
}

async function grantRound(tx: Tx, rows: readonly PlanCreditRow[], { ends, at }: GrantTimes): Promise<void> {
  // Whoever grants has the wallet: what runs is not added to meanwhile.
  await lockWallets(
    tx,
    rows.map((row) => row.tenant_id),
  );
  const running = await readRunning(tx, rows);
  const parts = rows.map((row) => ({ row, amount: decimal(row.level).minus(decimal(running.get(row.id) ?? "0")) }));
  await noteTakenIn(
    tx,
    rows.filter((row) => row.cause === "opening" && decimal(running.get(row.id) ?? "0").gt(ZERO)),
  );
  const lacking = parts.filter(({ amount }) => amount.gt(ZERO));
  const granted = await grantMany(
    tx,
    lacking.map(
      ({ row, amount }): GrantInput => ({
        tenantId: row.tenant_id,
        ...timeOf(at?.get(row.tenant_id)),
        amount,
        source: "plan",
        priority: row.priority,
        // What rolls over is cut where the next period begins, and ends with the subscription.
        expiresAt: row.rollover ? null : (ends?.get(row.id) ?? row.period_end),
        reference: row.subject,
        origin: `plan ${row.id}`,
        reason: row.plan_key,
      }),
    ),
  );
  const grants = new Map(lacking.map(({ row }, index) => [row.id, granted[index]!.grant!]));
  await updatePlanCredits(
    tx,
    parts.map(({ row }) => ({
      ...row,
      status: "granted",
      granted: grants.get(row.id)?.amount ?? "0",
      grant_id: grants.get(row.id)?.id ?? null,
    })),
  );
}

function timeOf(at: Instant | undefined): Pick<GrantInput, "at"> {
  return at === undefined ? {} : { at };
}
