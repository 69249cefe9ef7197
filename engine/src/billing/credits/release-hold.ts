/** Gives back what a hold reserved: because it is asked to, or because its time is over. */
import type { Tx } from "../../commit.ts";
import { newId } from "../../ids.ts";
import { type Decimal, decimal, ZERO } from "../money/decimal.ts";
import type { Part } from "./burn.ts";
import { closeHold, findHeldParts, findOverdue, type HoldRow } from "./hold-store.ts";
import type { Leg, Posting, Wallet } from "./ledger.ts";
import { addTakenBack, findOwed } from "./owed-store.ts";
import { findCut, setCut } from "./plan-credit-store.ts";
import { writePostings } from "./store.ts";

/** Holds of locked wallets that are past their time at the write's now: what they have goes back to their grants. */
export async function releaseDueHolds(tx: Tx, wallets: ReadonlyMap<string, Wallet>): Promise<void> {
  const holds = await findOverdue(tx, [...wallets.keys()], tx.now);
  if (holds.length === 0) return;
  const parts = await partsOf(tx, holds);
  for (const hold of holds) await writePostings(tx, wallets, await releaseOf(tx, hold, parts.get(hold.id)!));
  for (const hold of holds) await closeHold(tx, hold, "expired", "0");
}

export async function partsOf(tx: Tx, holds: readonly HoldRow[]): Promise<Map<string, Part[]>> {
  const rows = await findHeldParts(
    tx,
    holds.map((hold) => hold.tenant_id),
    holds.map((hold) => hold.id),
  );
  return new Map(
    holds.map((hold) => [
      hold.id,
      rows.filter((row) => row.hold_id === hold.id).map((row) => ({ grantId: row.grant_id, amount: decimal(row.amount) })),
    ]),
  );
}

/**
 * Back to the grants, though one may have expired meanwhile: the sweep sees to that. What was refunded meanwhile, or is beyond the cap of
 * a rollover, is not given back: it goes on to where it would have gone, had it not been held.
 */
export async function releaseOf(tx: Tx, hold: HoldRow, parts: readonly Part[], more: Pick<Posting, "key" | "fingerprint"> = {}) {
  const release: Posting = {
    ...more,
    id: newId("transaction"),
    tenantId: hold.tenant_id,
    type: "released",
    legs: parts.map((part) => ({ from: "held", to: "available", amount: part.amount, grantId: part.grantId })),
    at: tx.now,
    holdId: hold.id,
  };
  const refund = await refundOf(tx, hold, parts);
  const cut = await cutOf(tx, hold, parts, refund?.legs ?? []);
  return [release, refund, cut].filter((posting) => posting !== null);
}

async function cutOf(tx: Tx, hold: HoldRow, parts: readonly Part[], refunded: readonly Leg[]): Promise<Posting | null> {
  const tenantId = hold.tenant_id;
  const legs: Leg[] = [];
  for (const { id, grant_id: grantId, cut } of await findCut(
    tx,
    tenantId,
    parts.map((part) => part.grantId),
  )) {
    const back = refunded.reduce((sum, leg) => (leg.grantId === grantId ? sum.minus(leg.amount) : sum), amountOf(parts, grantId));
    const amount = back.lt(decimal(cut)) ? back : decimal(cut);
    if (amount.lte(ZERO)) continue;
    legs.push({ from: "available", to: "expired", amount, grantId });
    await setCut(tx, tenantId, id, decimal(cut).minus(amount).toFixed());
    tx.emit({
      type: "credits.expired",
      tenantId,
      subject: grantId,
      summary: `${amount.toFixed()} credits of a hold expired: they are beyond the cap of the rollover.`,
      data: { grant: grantId, amount, source: "plan", reference: null, hold: hold.id },
    });
  }
  return legs.length === 0 ? null : { id: newId("transaction"), tenantId, type: "expired", legs, at: tx.now };
}

function amountOf(parts: readonly Part[], grantId: string): Decimal {
  return parts.reduce((sum, part) => (part.grantId === grantId ? sum.plus(part.amount) : sum), ZERO);
}

async function refundOf(tx: Tx, hold: HoldRow, parts: readonly Part[]): Promise<Posting | null> {
  const tenantId = hold.tenant_id;
  const grants = parts.map((part) => part.grantId);
  const legs: Leg[] = [];
  for (const { id, grant_id: grantId, owed } of await findOwed(tx, tenantId, grants)) {
    const held = amountOf(parts, grantId);
    const amount = held.lt(decimal(owed)) ? held : decimal(owed);
    legs.push({ from: "available", to: "issued", amount, grantId });
    await addTakenBack(tx, tenantId, id, amount.toFixed());
  }
  if (legs.length === 0) return null;
  const id = newId("transaction");
  const amount = legs.reduce((sum, leg) => sum.plus(leg.amount), ZERO);
  tx.emit({
    type: "credits.refunded",
    tenantId,
    subject: id,
    summary: `${amount.toFixed()} credits of a hold were taken back: they were refunded meanwhile.`,
    data: { transaction: id, amount, missing: ZERO, grants: legs.map((leg) => leg.grantId), reason: "refunded", hold: hold.id },
  });
  return { id, tenantId, type: "refunded", legs, at: tx.now, origin: `refunded ${hold.id}`, reason: "refunded" };
}
