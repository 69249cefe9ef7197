/**
 * The errand that tells Stripe what became of invoices here: of its own that they were paid, of ours all that happens to them, and what
 * became balance. Of each tenant in order, each once, whatever was tried before: what Stripe has is asked first.
 */

import { ENGINE } from "../../auth/principal.ts";
import { findEntry } from "../../billing/invoices/balance.ts";
import { findCreditNote } from "../../billing/invoices/credit-store.ts";
import { findInvoice } from "../../billing/invoices/store.ts";
import { commit } from "../../commit.ts";
import type { Context } from "../../context.ts";
import { onPlatform } from "../../db/pool.ts";
import { wordsOf } from "../../errors.ts";
import { AmountNotTaken } from "../../gateways/stripe/amount.ts";
import { StripeRefusal } from "../../gateways/stripe/client.ts";
import { claimNotices, finishNotice, type NoticeRow } from "./notice-store.ts";
import type { StripeParts } from "./parts.ts";
import { showBalance } from "./show-balance.ts";
import { markPaid, markUncollectible, markVoid, showCredit, showInvoice } from "./show-invoice.ts";

const LEASE_MS = 120_000;
const FIRST_WAIT_MS = 5_000;
const LONGEST_WAIT_MS = 3_600_000;
const BATCH = 20;
/** About half a day. */
const MOST_ATTEMPTS = 20;

/** Answers how many were told. */
export async function notifyDue(ctx: Context, parts: StripeParts): Promise<number> {
  for (let told = 0; ; ) {
    const now = ctx.clock.now();
    const rows = await claimNotices(ctx.pool, now, now + LEASE_MS, BATCH);
    if (rows.length === 0) return told;
    for (const row of rows) await tell(ctx, parts, row);
    told += rows.length;
  }
}

async function tell(ctx: Context, parts: StripeParts, row: NoticeRow): Promise<void> {
  const at = ctx.clock.now();
  try {
    const error = await said(ctx, parts, row);
    await finishNotice(onPlatform(ctx.pool), row, { error, nextAt: null, at });
  } catch (error) {
    const words = wordsOf(error);
    ctx.log.warn({ err: error, invoice: row.invoice_id, kind: row.kind }, "Stripe could not be told of an invoice");
    // What it refused it will refuse again; what comes after it must not wait for ever.
    const over = error instanceof StripeRefusal || error instanceof AmountNotTaken || row.attempts >= MOST_ATTEMPTS;
    if (over) return giveUp(ctx, row, words, at);
    const wait = Math.min(FIRST_WAIT_MS * 2 ** Math.min(row.attempts, 12), LONGEST_WAIT_MS);
    await finishNotice(onPlatform(ctx.pool), row, { error: words, nextAt: at + wait, at });
  }
}

/** A text says why there was nothing to do, or what differs. */
async function said(
  ctx: Context,
  parts: StripeParts,
  { invoice_id: id, tenant_id: tenantId, kind, subject }: NoticeRow,
): Promise<string | null> {
  const db = onPlatform(ctx.pool);
  if (kind === "balance") {
    const entry = await findEntry(db, tenantId, subject);
    return entry ? showBalance(parts, await parts.customerOf(ctx, tenantId), entry) : "The entry is not there.";
  }
  const invoice = await findInvoice(db, id, tenantId);
  if (invoice === null) return "The invoice is not there.";
  switch (kind) {
    case "mirror":
      return showInvoice(ctx, parts, invoice);
    case "paid":
      return markPaid(parts, invoice);
    case "void":
      return markVoid(parts, invoice);
    case "uncollectible":
      return markUncollectible(parts, invoice);
    case "credit_note": {
      const note = await findCreditNote(db, subject, tenantId);
      return note ? showCredit(ctx, parts, invoice, note) : "The credit note is not there.";
    }
  }
}

async function giveUp(ctx: Context, row: NoticeRow, error: string, at: number): Promise<void> {
  await commit(ctx, { principal: ENGINE, tenantId: row.tenant_id, source: "stripe" }, async (tx) => {
    if (!(await finishNotice(tx, row, { error, nextAt: null, at }))) return;
    tx.emit({
      type: "invoice.sync_failed",
      tenantId: row.tenant_id,
      subject: row.invoice_id === "" ? null : row.invoice_id,
      summary: `Stripe was not told of an invoice (${row.kind}); do it there by hand: ${error}`,
      data: { processor: "stripe", invoice: row.invoice_id === "" ? null : row.invoice_id, kind: row.kind, reason: error },
    });
  });
}
