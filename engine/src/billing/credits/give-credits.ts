/** A gift: credits move to another tenant with all that they are (source, priority, time), grant by grant in burn order; a part of a grant becomes one. */
import type { Tx } from "../../commit.ts";
import { invalidField, Refusal, tenantNotFound } from "../../errors.ts";
import { newId } from "../../ids.ts";
import { type Decimal, decimal } from "../money/decimal.ts";
import { findRefs } from "../tenants/store.ts";
import { burnAll, spendable, sumOf } from "./burn.ts";
import { keyReused, refusedOf } from "./earlier.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { noteBalances } from "./note-balances.ts";
import { releaseDueHolds } from "./release-hold.ts";
import { findDone, findOpenGrants, type GrantRow, grantOf, insertGrants, lockWallets, writePostings } from "./store.ts";

export interface GiftInput {
  from: string;
  to: string;
  /** Above zero. */
  amount: Decimal;
  reason?: string | null;
  key?: string | null;
}

export type Given =
  | { outcome: "given"; seq: bigint; replayed: boolean }
  | { outcome: "insufficient"; required: Decimal; available: Decimal };

/** 422 for a gift to oneself or to nobody, 409 to a tenant on another clock: an expiry would mean another time there. */
export async function giveCredits(tx: Tx, input: GiftInput): Promise<Given> {
  const { from, to, amount } = input;
  if (from === to) throw invalidField("to", "is the tenant itself");
  await assertSameClock(tx, from, to);
  const wallets = await lockWallets(tx, [from, to]);
  const fingerprint = fingerprintOf("transferred", to, amount, input.reason ?? null);
  const [done] = input.key == null ? [] : await findDone(tx, "idempotency_key", [{ tenantId: from, name: input.key }]);
  if (done) {
    if (done.fingerprint !== fingerprint) throw keyReused();
    if (done.type === "refused") return { outcome: "insufficient", ...(await refusedOf(tx, from, done.seq)) };
    return { outcome: "given", seq: done.seq, replayed: true };
  }
  await releaseDueHolds(tx, wallets);
  await noteBalances(tx, [from, to]);
  const rows = new Map((await findOpenGrants(tx, [from])).map((row) => [row.id, row]));
  const grants = [...rows.values()].map(grantOf);
  const common = {
    id: newId("transaction"),
    tenantId: from,
    at: tx.now,
    key: input.key ?? null,
    fingerprint,
    reason: input.reason ?? null,
  };
  const parts = burnAll(grants, amount, tx.now);
  if (parts === null) {
    const available = sumOf(spendable(grants, tx.now));
    if (input.key != null) {
      await writePostings(tx, wallets, [{ ...common, type: "refused", legs: [], refused: { required: amount, available } }]);
    }
    return { outcome: "insufficient", required: amount, available };
  }
  const given = parts.map((part) => giftOf(tx, rows.get(part.grantId)!, to, part.amount, input.reason ?? null));
  await insertGrants(tx, given);
  await writePostings(tx, wallets, [
    {
      ...common,
      type: "transferred",
      legs: parts.map((part) => ({ from: "available", to: "issued", amount: part.amount, grantId: part.grantId })),
    },
    {
      id: newId("transaction"),
      tenantId: to,
      type: "transferred",
      legs: given.map((grant) => ({ from: "issued", to: "available", amount: decimal(grant.amount), grantId: grant.id })),
      at: tx.now,
      origin: `gift ${common.id}`,
      reason: input.reason ?? null,
    },
  ]);
  for (const [tenantId, other, word] of [
    [from, to, `given to ${to}`],
    [to, from, `received from ${from}`],
  ] as const) {
    tx.emit({
      type: "credits.transferred",
      tenantId,
      subject: common.id,
      summary: `${amount.toFixed()} credits were ${word}.`,
      data: {
        transaction: common.id,
        amount: tenantId === to ? amount : amount.times(decimal("-1")),
        [tenantId === from ? "to" : "from"]: other,
      },
    });
  }
  await noteBalances(tx, [from, to]);
  return { outcome: "given", seq: wallets.get(from)!.lastSeq, replayed: false };
}

async function assertSameClock(tx: Tx, from: string, to: string): Promise<void> {
  const refs = await findRefs(tx, [from, to]);
  const clockOf = (id: string) => refs.find((ref) => ref.id === id);
  if (!clockOf(from)) throw tenantNotFound(from);
  if (!clockOf(to)) throw invalidField("to", "names no tenant");
  if (clockOf(from)!.testClockId !== clockOf(to)!.testClockId)
    throw new Refusal("conflict", "The two tenants live by different clocks; credits move only between tenants of one clock.");
}

function giftOf(tx: Tx, row: GrantRow, to: string, amount: Decimal, reason: string | null): GrantRow {
  const text = amount.toFixed();
  return {
    ...row,
    id: newId("grant"),
    tenant_id: to,
    amount: text,
    remaining: text,
    held: "0",
    created_at: tx.now,
    reason,
    parent_id: row.id,
  };
}
