/** Consumes credits inside a write: decided as by the coalesced statement, with all that a crossing of the threshold wakes. */
import type { Tx } from "../../commit.ts";
import { newId } from "../../ids.ts";
import { ZERO } from "../money/decimal.ts";
import { answerOf } from "./answer.ts";
import { consumeMany, type Decision, findByKeys, type Placed } from "./consume-store.ts";
import type { Consumed, ConsumeRequest } from "./consumption.ts";
import { defaultPlanOf } from "./cost.ts";
import { noteBalances } from "./note-balances.ts";
import { releaseDueHolds } from "./release-hold.ts";
import { lockWallets } from "./store.ts";

/**
 * An outcome each, in order; what is refused is refused by its outcome, so that it can be remembered under its key. The tenants must
 * exist, and no key of a tenant may stand twice among the requests.
 */
export async function consumeCredits(tx: Tx, requests: readonly ConsumeRequest[]): Promise<Consumed[]> {
  return consumePlaced(
    tx,
    requests.map((request) => ({ request, id: newId("transaction"), now: tx.now })),
  );
}

export async function consumePlaced(tx: Tx, placed: readonly Placed[]): Promise<Consumed[]> {
  if (placed.length === 0) return [];
  const tenantIds = [...new Set(placed.map(({ request }) => request.tenantId))];
  await releaseDueHolds(tx, await lockWallets(tx, tenantIds));
  // A grant that has become effective since may have raised a balance that now falls.
  await noteBalances(tx, tenantIds);
  const defaultPlan = defaultPlanOf(await tx.ctx.catalog.current());
  const decisions = await consumeMany(tx, placed, { defaultPlan, threshold: null, look: true });
  for (const tenantId of tenantIds) announce(tx, tenantId, placed, decisions);
  await noteBalances(tx, tenantIds);
  const known = placed.filter((_, place) => decisions[place]!.outcome === "known").map(({ request }) => request);
  const before = await findByKeys(
    tx,
    known.map(({ tenantId, key }) => ({ tenantId, key: key! })),
  );
  return placed.map((one, place) => answerOf(one, decisions[place]!, () => before[known.indexOf(one.request)]!));
}

/** One event for all that a write consumes of a wallet. */
function announce(tx: Tx, tenantId: string, placed: readonly Placed[], decisions: readonly Decision[]): void {
  const own = decisions.filter(({ outcome }, place) => outcome === "consumed" && placed[place]!.request.tenantId === tenantId);
  if (own.length === 0) return;
  const amount = own.reduce((sum, one) => sum.plus(one.amount!), ZERO);
  tx.emit({
    type: "credits.consumed",
    tenantId,
    subject: null,
    summary: `${amount.toFixed()} credits were consumed (${own.length} times).`,
    data: { amount, count: own.length, balance_after: own.at(-1)!.balance! },
  });
}
