/** Ends a hold, once: captured, in part or whole, or released. */
import type { Tx } from "../../commit.ts";
import { Refusal } from "../../errors.ts";
import { newId } from "../../ids.ts";
import { type Decimal, decimal } from "../money/decimal.ts";
import { keyReused } from "./earlier.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { assertOpen, splitHold } from "./hold.ts";
import { closeHold, findHold, type HoldRow } from "./hold-store.ts";
import type { Posting, Wallet } from "./ledger.ts";
import { noteBalances } from "./note-balances.ts";
import { partsOf, releaseOf } from "./release-hold.ts";
import { findDone, lockWallets, writePostings } from "./store.ts";

export interface CloseInput {
  tenantId: string;
  holdId: string;
  key?: string | null;
}

export interface CaptureInput extends CloseInput {
  /** Above zero, at most what is held; null: all of it. */
  amount: Decimal | null;
}

export interface Closed {
  hold: HoldRow;
  /** It was done before under this key. */
  replayed: boolean;
}

/** Takes the true cost; what is left of the hold goes back. 409 for more than is held, and for a hold that is not open. */
export async function captureHold(tx: Tx, input: CaptureInput): Promise<Closed> {
  // All of it, and its amount said, are the same thing.
  const asked = (hold: HoldRow) => input.amount ?? decimal(hold.amount);
  const { wallets, hold, done, fingerprint } = await lockHold(tx, input, (row) => fingerprintOf("captured", row.id, asked(row)));
  if (done) return { hold, replayed: true };
  const parts = (await partsOf(tx, [hold])).get(hold.id)!;
  const amount = asked(hold);
  const { taken, rest } = splitHold(ruleOf(hold), parts, amount);
  const capture: Posting = {
    id: newId("transaction"),
    tenantId: hold.tenant_id,
    type: "consumed",
    legs: taken.map((part) => ({ from: "held", to: "consumed", amount: part.amount, grantId: part.grantId })),
    at: tx.now,
    holdId: hold.id,
    key: input.key ?? null,
    fingerprint,
  };
  await writePostings(tx, wallets, rest.length > 0 ? [capture, ...(await releaseOf(tx, hold, rest))] : [capture]);
  await closeHold(tx, hold, "captured", amount.toFixed());
  const { available, held } = wallets.get(hold.tenant_id)!;
  tx.emit({
    type: "credits.consumed",
    tenantId: hold.tenant_id,
    subject: hold.id,
    summary: `${amount.toFixed()} credits of a hold were consumed.`,
    data: { amount, count: 1, balance_after: available.plus(held), hold: hold.id },
  });
  await noteBalances(tx, [hold.tenant_id]);
  return { hold: { ...hold, status: "captured", captured: amount.toFixed(), closed_at: tx.now }, replayed: false };
}

/** Gives everything back. 409 for a hold that is not open. */
export async function releaseHold(tx: Tx, input: CloseInput): Promise<Closed> {
  const { wallets, hold, done, fingerprint } = await lockHold(tx, input, (row) => fingerprintOf("released", row.id));
  if (done) return { hold, replayed: true };
  const parts = (await partsOf(tx, [hold])).get(hold.id)!;
  await writePostings(tx, wallets, await releaseOf(tx, hold, parts, { key: input.key ?? null, fingerprint }));
  await closeHold(tx, hold, "released", "0");
  await noteBalances(tx, [hold.tenant_id]);
  return { hold: { ...hold, status: "released", closed_at: tx.now }, replayed: false };
}

/** `done`: this very thing was done before under the key. */
async function lockHold(
  tx: Tx,
  input: CloseInput,
  print: (hold: HoldRow) => string,
): Promise<{ wallets: Map<string, Wallet>; hold: HoldRow; done: boolean; fingerprint: string }> {
  const { tenantId } = input;
  const wallets = await lockWallets(tx, [tenantId]);
  const hold = await findHold(tx, tenantId, input.holdId);
  if (!hold) throw noHold(input.holdId);
  const fingerprint = print(hold);
  const [done] = input.key == null ? [] : await findDone(tx, "idempotency_key", [{ tenantId, name: input.key }]);
  if (done && done.fingerprint !== fingerprint) throw keyReused();
  if (!done) assertOpen(ruleOf(hold), tx.now);
  return { wallets, hold, done: done !== undefined, fingerprint };
}

function ruleOf(hold: HoldRow) {
  return { id: hold.id, status: hold.status, amount: decimal(hold.amount), expiresAt: hold.expires_at };
}

export function noHold(id: string): Refusal {
  return new Refusal("not_found", `There is no hold ${JSON.stringify(id.slice(0, 64))} of this tenant.`);
}
