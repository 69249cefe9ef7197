/** Reserves credits: taken from what is available now, in burn order, until they are captured, released, or their time is over. */
import type { Tx } from "../../commit.ts";
import { invalidField, tenantNotFound } from "../../errors.ts";
import { newId } from "../../ids.ts";
import type { Decimal } from "../money/decimal.ts";
import type { Instant } from "../time/instant.ts";
import { burnAll, spendable, sumOf } from "./burn.ts";
import { keyReused, refusedOf } from "./earlier.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { findHold, type HoldRow, insertHold } from "./hold-store.ts";
import { noteBalances } from "./note-balances.ts";
import { releaseDueHolds } from "./release-hold.ts";
import { findDone, findOpenGrants, grantOf, lockWallets, writePostings } from "./store.ts";

export interface HoldInput {
  tenantId: string;
  /** Above zero. */
  amount: Decimal;
  /** When it is over by itself; null: never. */
  expiresAt: Instant | null;
  /** What was asked, where it was said by a length of time: a retry comes later. */
  expiry?: string | null;
  reason?: string | null;
  key?: string | null;
}

/** The hold, or what is missing: also for ever under its key. */
export type Held =
  | { outcome: "held"; hold: HoldRow; replayed: boolean }
  | { outcome: "insufficient"; required: Decimal; available: Decimal };

export async function placeHold(tx: Tx, input: HoldInput): Promise<Held> {
  const { tenantId, amount } = input;
  const wallets = await lockWallets(tx, [tenantId]);
  if (!wallets.has(tenantId)) throw tenantNotFound(tenantId);
  const fingerprint = fingerprintOf("held", amount, input.expiry ?? null, input.reason ?? null);
  const [done] = input.key == null ? [] : await findDone(tx, "idempotency_key", [{ tenantId, name: input.key }]);
  if (done) {
    if (done.fingerprint !== fingerprint) throw keyReused();
    if (done.type === "refused") return { outcome: "insufficient", ...(await refusedOf(tx, tenantId, done.seq)) };
    return { outcome: "held", hold: (await findHold(tx, tenantId, done.hold_id!))!, replayed: true };
  }
  // Only now: the same request again answers as before, also after that time.
  if (input.expiresAt !== null && input.expiresAt <= tx.now) throw invalidField("expires_at", "must lie after now");
  await releaseDueHolds(tx, wallets);
  await noteBalances(tx, [tenantId]);
  const grants = (await findOpenGrants(tx, [tenantId])).map(grantOf);
  const common = { id: newId("transaction"), tenantId, at: tx.now, key: input.key ?? null, fingerprint, reason: input.reason ?? null };
  const parts = burnAll(grants, amount, tx.now);
  if (parts === null) {
    const available = sumOf(spendable(grants, tx.now));
    if (input.key != null) {
      await writePostings(tx, wallets, [{ ...common, type: "refused", legs: [], refused: { required: amount, available } }]);
    }
    return { outcome: "insufficient", required: amount, available };
  }
  const hold: HoldRow = {
    id: newId("hold"),
    tenant_id: tenantId,
    amount: amount.toFixed(),
    captured: "0",
    status: "open",
    expires_at: input.expiresAt,
    created_at: tx.now,
    closed_at: null,
  };
  await insertHold(tx, hold);
  await writePostings(tx, wallets, [
    {
      ...common,
      type: "held",
      holdId: hold.id,
      legs: parts.map((part) => ({ from: "available", to: "held", amount: part.amount, grantId: part.grantId })),
    },
  ]);
  await noteBalances(tx, [tenantId]);
  return { outcome: "held", hold, replayed: false };
}
