/** Credits whose money a dispute took: taken back, as far as they are left, and granted again once the invoice is paid again (domain §8.5). */
import type { Tx } from "../../commit.ts";
import type { AppendedEvent } from "../../events/append.ts";
import { decimal, ZERO } from "../money/decimal.ts";
import { grantsOfInvoice, insertDisputed, lockDisputed, noteAgain } from "./disputed-store.ts";
import { grantCredits } from "./grant-credits.ts";
import { revokedShare } from "./purchase.ts";
import { revoke } from "./revoke.ts";
import { findGrants } from "./store.ts";

/** Reaction to `invoice.reopened`: as large a part as of the money that was there for it. */
export async function takeBackDisputed(tx: Tx, { tenantId, data }: AppendedEvent): Promise<void> {
  const { invoice, dispute, taken: money, kept } = data as { invoice: string; dispute: string; taken: bigint; kept: bigint };
  if (tenantId === null) return;
  for (const { grant_id: grantId, amount } of await grantsOfInvoice(tx, invoice, tenantId)) {
    const due = revokedShare(decimal(amount), money, kept);
    const { taken } = await revoke(tx, { tenantId, grantId, amount: due, origin: `${dispute} ${grantId}`, reason: "disputed" });
    if (taken.lte(ZERO)) continue;
    await insertDisputed(tx, {
      grant_id: grantId,
      dispute_id: dispute,
      tenant_id: tenantId,
      invoice_id: invoice,
      amount: taken.toFixed(),
    });
  }
}

/** Reaction to `invoice.paid`, of one that had failed. What has expired meanwhile does not come again. */
export async function grantDisputed(tx: Tx, { tenantId, data }: AppendedEvent): Promise<void> {
  const { invoice, failed } = data as { invoice: string; failed?: boolean };
  if (!failed || tenantId === null) return;
  for (const row of await lockDisputed(tx, invoice, tenantId)) {
    const [before] = await findGrants(tx, tenantId, [row.grant_id]);
    if (!before || (before.expires_at !== null && before.expires_at <= tx.now)) continue;
    const { grant } = await grantCredits(tx, {
      tenantId,
      amount: decimal(row.amount),
      source: before.source,
      priority: before.priority,
      expiresAt: before.expires_at,
      reference: invoice,
      origin: `${row.dispute_id} ${row.grant_id} again`,
      reason: before.reason,
    });
    await noteAgain(tx, row, grant.id);
  }
}
