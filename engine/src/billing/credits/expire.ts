/** What is past its time: grants expire, holds are released, and grants that soon will expire are announced. */
import { ENGINE } from "../../auth/principal.ts";
import { commit, type Tx } from "../../commit.ts";
import type { Context } from "../../context.ts";
import { newId } from "../../ids.ts";
import { type Decimal, decimal, ZERO } from "../money/decimal.ts";
import { formatInstant, type Instant } from "../time/instant.ts";
import { findDueTenants, findExpired, markWarned } from "./expiry-store.ts";
import type { Posting } from "./ledger.ts";
import { noteBalances } from "./note-balances.ts";
import { releaseDueHolds } from "./release-hold.ts";
import { findGrants, type GrantRow, lockWallets, setExpiry, writePostings } from "./store.ts";

const DAY = 86_400_000;
const CHUNK = 200;

export interface ExpireInput {
  /** What is due at or before this instant; it is also the `now` of the writes. */
  now: Instant;
  /** Only tenants on this test clock; null: only those on the system's clock. */
  testClockId: string | null;
}

/** Works until nothing is due. Answers how many tenants had something. */
export async function expireDue(ctx: Context, { now, testClockId }: ExpireInput): Promise<number> {
  const warnAt = now + ctx.config.credits.expiryWarningDays * DAY;
  let done = 0;
  for (;;) {
    const count = await commit(ctx, { principal: ENGINE, now }, async (tx) => {
      const tenants = await findDueTenants(tx, { now, warnAt, testClockId, limit: CHUNK });
      if (tenants.length > 0) await expireTenants(tx, tenants, warnAt);
      return tenants.length;
    });
    done += count;
    if (count === 0) return done;
  }
}

/** Everything that is due of these tenants, at the write's now. */
async function expireTenants(tx: Tx, tenantIds: readonly string[], warnAt: Instant): Promise<void> {
  const wallets = await lockWallets(tx, tenantIds);
  // Holds first: what they give back may have expired meanwhile.
  await releaseDueHolds(tx, wallets);
  const due = await findExpired(tx, tenantIds, warnAt);
  const expired = due.filter((grant) => grant.expires_at! <= tx.now && decimal(grant.remaining).gt(ZERO));
  await writePostings(
    tx,
    wallets,
    expired.map((grant) => expiryOf(tx, grant, decimal(grant.remaining))),
  );
  for (const grant of expired) announceExpired(tx, grant, decimal(grant.remaining));
  const soon = due.filter((grant) => grant.expires_at! > tx.now);
  await markWarned(tx, soon);
  for (const grant of soon) announceExpiring(tx, grant);
  await noteBalances(tx, tenantIds);
}

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

function expiryOf(tx: Tx, grant: GrantRow, amount: Decimal): Posting {
  return {
    id: newId("transaction"),
    tenantId: grant.tenant_id,
    type: "expired",
    legs: [{ from: "available", to: "expired", amount, grantId: grant.id }],
    at: tx.now,
  };
}

function announceExpired(tx: Tx, grant: GrantRow, amount: Decimal): void {
  tx.emit({
    type: "credits.expired",
    tenantId: grant.tenant_id,
    subject: grant.id,
    summary: `${amount.toFixed()} credits expired (${grant.source}).`,
    data: { grant: grant.id, amount, source: grant.source, reference: grant.reference },
  });
}

function announceExpiring(tx: Tx, grant: GrantRow): void {
  const amount = decimal(grant.remaining).plus(decimal(grant.held));
  tx.emit({
    type: "credits.expiring",
    tenantId: grant.tenant_id,
    subject: grant.id,
    summary: `${amount.toFixed()} credits expire soon (${grant.source}).`,
    data: { grant: grant.id, amount, source: grant.source, expires_at: formatInstant(grant.expires_at!) },
  });
}
