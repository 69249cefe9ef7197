/** Takes granted credits back, as far as something is left: of a purchase that is refunded, or a grant made by mistake. */
import type { Tx } from "../../commit.ts";
import { tenantNotFound } from "../../errors.ts";
import { newId } from "../../ids.ts";
import { type Decimal, decimal, ZERO } from "../money/decimal.ts";
import { burn } from "./burn.ts";
import { keyReused } from "./earlier.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { noteBalances } from "./note-balances.ts";
import { findDone, findGrants, findGrantsFor, findLegs, lockWallets, writePostings } from "./store.ts";

export interface TakeBackInput {
  tenantId: string;
  /** Of these grants, in this order, or of those made for a reference, the newest first. */
  grants: { ids: readonly string[] } | { reference: string };
  /** At most so much; null: all that is left. What holds have reserved is not touched. */
  amount: Decimal | null;
  reason?: string | null;
  key?: string | null;
  origin?: string | null;
}

export interface TakenBack {
  /** null: nothing was left, and nothing was done. */
  transactionId: string | null;
  taken: Decimal;
  /** Of `amount`, what was not there any more; 0 without an amount. */
  missing: Decimal;
  /** It was taken back before under this key or origin. */
  replayed: boolean;
}

export async function takeBack(tx: Tx, input: TakeBackInput): Promise<TakenBack> {
  const wallets = await lockWallets(tx, [input.tenantId]);
  if (!wallets.has(input.tenantId)) throw tenantNotFound(input.tenantId);
  const fingerprint = fingerprintOf("refunded", "ids" in input.grants ? input.grants.ids.join() : input.grants.reference, input.amount);
  const before = await replay(tx, input, fingerprint);
  if (before) return before;
  const rows =
    "ids" in input.grants
      ? await findGrants(tx, input.tenantId, input.grants.ids)
      : (await findGrantsFor(tx, input.tenantId, input.grants.reference)).reverse();
  if ("ids" in input.grants) {
    const { ids } = input.grants;
    rows.sort((a, b) => ids.indexOf(a.id) - ids.indexOf(b.id));
  }
  const left = rows.map((row) => ({ id: row.id, remaining: decimal(row.remaining) }));
  const all = left.reduce((sum, row) => sum.plus(row.remaining), ZERO);
  const { parts, missing } = burn(left, input.amount ?? all);
  if (parts.length === 0) return { transactionId: null, taken: ZERO, missing, replayed: false };
  const id = newId("transaction");
  await writePostings(tx, wallets, [
    {
      id,
      tenantId: input.tenantId,
      type: "refunded",
      legs: parts.map((part) => ({ from: "available", to: "issued", amount: part.amount, grantId: part.grantId })),
      at: tx.now,
      key: input.key ?? null,
      fingerprint,
      origin: input.origin ?? null,
      reason: input.reason ?? null,
    },
  ]);
  const taken = (input.amount ?? all).minus(missing);
  tx.emit({
    type: "credits.refunded",
    tenantId: input.tenantId,
    subject: id,
    summary: `${taken.toFixed()} credits were taken back.`,
    data: { transaction: id, amount: taken, missing, grants: parts.map((part) => part.grantId), reason: input.reason ?? null },
  });
  await noteBalances(tx, [input.tenantId]);
  return { transactionId: id, taken, missing, replayed: false };
}

async function replay(tx: Tx, input: TakeBackInput, fingerprint: string): Promise<TakenBack | null> {
  const { tenantId } = input;
  const done = [
    ...(input.key == null ? [] : await findDone(tx, "idempotency_key", [{ tenantId, name: input.key }])),
    ...(input.origin == null ? [] : await findDone(tx, "origin", [{ tenantId, name: input.origin }])),
  ][0];
  if (!done) return null;
  if (done.type !== "refunded" || done.fingerprint !== fingerprint) {
    throw keyReused();
  }
  const legs = await findLegs(tx, tenantId, done.seq);
  const taken = legs.reduce((sum, leg) => sum.plus(decimal(leg.amount)), ZERO);
  return { transactionId: done.id, taken, missing: input.amount === null ? ZERO : input.amount.minus(taken), replayed: true };
}
