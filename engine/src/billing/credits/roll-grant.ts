/** What is left of a grant at its end: it expires, or some of it goes on. */
import type { Tx } from "../../commit.ts";
import { newId } from "../../ids.ts";
import { type Decimal, decimal, ZERO } from "../money/decimal.ts";
import type { Instant } from "../time/instant.ts";
import type { Posting } from "./ledger.ts";
import { noteBalances } from "./note-balances.ts";
import { findGrants, type GrantRow, lockWallets, setExpiry, writePostings } from "./store.ts";

export interface RollInput {
  tenantId: string;
  grantId: string;
  /** What goes on of what is left; the rest expires now. */
  keep: Decimal;
  /** When what is kept expires; null: never. */
  expiresAt: Instant | null;
}

/** The end of a period of a grant that rolls over (`rolledOver` says how much): the rest expires, what is kept lasts longer. Answers what expired. */
export async function rollGrant(tx: Tx, { tenantId, grantId, keep, expiresAt }: RollInput): Promise<Decimal> {
  const wallets = await lockWallets(tx, [tenantId]);
  const [grant] = await findGrants(tx, tenantId, [grantId]);
  const rest = grant ? decimal(grant.remaining).minus(keep) : ZERO;
  if (grant && rest.gt(ZERO)) {
    await writePostings(tx, wallets, [expiryOf(tx, grant, rest)]);
    announceExpired(tx, grant, rest);
  }
  await setExpiry(tx, tenantId, grantId, expiresAt);
  await noteBalances(tx, [tenantId]);
  return rest.gt(ZERO) ? rest : ZERO;
}

export function expiryOf(tx: Tx, grant: GrantRow, amount: Decimal): Posting {
  return {
    id: newId("transaction"),
    tenantId: grant.tenant_id,
    type: "expired",
    legs: [{ from: "available", to: "expired", amount, grantId: grant.id }],
    at: tx.now,
  };
}

export function announceExpired(tx: Tx, grant: GrantRow, amount: Decimal): void {
  tx.emit({
    type: "credits.expired",
    tenantId: grant.tenant_id,
    subject: grant.id,
    summary: `${amount.toFixed()} credits expired (${grant.source}).`,
    data: { grant: grant.id, amount, source: grant.source, reference: grant.reference },
  });
}
