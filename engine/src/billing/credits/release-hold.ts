/** Gives back what a hold reserved: because it is asked to, or because its time is over. */
import type { Tx } from "../../commit.ts";
import { newId } from "../../ids.ts";
import { decimal } from "../money/decimal.ts";
import type { Part } from "./burn.ts";
import { closeHold, findHeldParts, findOverdue, type HoldRow } from "./hold-store.ts";
import type { Posting, Wallet } from "./ledger.ts";
import { writePostings } from "./store.ts";

/** Holds of locked wallets that are past their time at the write's now: what they have goes back to their grants. */
export async function releaseDueHolds(tx: Tx, wallets: ReadonlyMap<string, Wallet>): Promise<void> {
  const holds = await findOverdue(tx, [...wallets.keys()], tx.now);
  if (holds.length === 0) return;
  const parts = await partsOf(tx, holds);
  await writePostings(
    tx,
    wallets,
    holds.map((hold) => releaseOf(tx, hold, parts.get(hold.id)!)),
  );
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

/** Back to the grants, though one may have expired meanwhile: the sweep sees to that. */
export function releaseOf(tx: Tx, hold: HoldRow, parts: readonly Part[]): Posting {
  return {
    id: newId("transaction"),
    tenantId: hold.tenant_id,
    type: "released",
    legs: parts.map((part) => ({ from: "held", to: "available", amount: part.amount, grantId: part.grantId })),
    at: tx.now,
    holdId: hold.id,
  };
}
