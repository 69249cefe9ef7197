/**
 * The errand that tells Stripe: marks its invoice as paid out of band, once, whatever was tried before; shows an invoice of ours. What Stripe
 * has is asked first, so that a crash, or an answer that was lost, is followed by nothing twice.
 */
import { ENGINE } from "../../auth/principal.ts";
import { findInvoice, type InvoiceRow, readLines } from "../../billing/invoices/store.ts";
import { commit } from "../../commit.ts";
import type { Context } from "../../context.ts";
import { onPlatform } from "../../db/pool.ts";
import { itemsIn, type Json } from "./fields.ts";
import { claimNotices, finishNotice, type NoticeRow, noteShown } from "./notice-store.ts";
import type { StripeParts } from "./parts.ts";

const LEASE_MS = 120_000;
const FIRST_WAIT_MS = 5_000;
const LONGEST_WAIT_MS = 3_600_000;
const BATCH = 20;
const MARK = "billwright_invoice";
const DAY = 86_400_000;

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
  try {
    const invoice = await findInvoice(onPlatform(ctx.pool), row.invoice_id, row.tenant_id);
    const error =
      invoice === null
        ? "The invoice is not there."
        : row.kind === "paid"
          ? await markPaid(parts, invoice)
          : await show(ctx, parts, invoice);
    await finishNotice(ctx.pool, row, { error, nextAt: null, at: ctx.clock.now() });
  } catch (error) {
    const wait = Math.min(FIRST_WAIT_MS * 2 ** Math.min(row.attempts, 12), LONGEST_WAIT_MS);
    ctx.log.warn({ err: error, invoice: row.invoice_id, kind: row.kind }, "Stripe could not be told of an invoice");
    await finishNotice(ctx.pool, row, { error: (error as Error).message, nextAt: ctx.clock.now() + wait, at: ctx.clock.now() });
  }
}

/** A text says why there was nothing to do. */
async function markPaid({ client }: StripeParts, invoice: InvoiceRow): Promise<string | null> {
  const reference = invoice.processor_invoice_id;
  if (reference === null) return "Stripe has no invoice for it.";
  const there = await client.call("invoices.retrieve", "invoice", (stripe) => stripe.invoices.retrieve(reference));
  if (there.status === "paid") return null;
  if (there.status !== "open" && there.status !== "uncollectible")
    return `Stripe's invoice is ${String(there.status)}, so it was not marked as paid.`;
  await client.call("invoices.pay", "invoice", (stripe) =>
    stripe.invoices.pay(reference, { paid_out_of_band: true }, { idempotencyKey: `paid-${invoice.id}` }),
  );
  return null;
}

/** As an invoice that is sent and not charged: its lines with what discounts and taxes made of them, and the balance that it used. */
async function show(ctx: Context, parts: StripeParts, invoice: InvoiceRow): Promise<string | null> {
  const { client } = parts;
  const customer = await parts.customerOf(ctx, invoice.tenant_id);
  const key = `show-${invoice.id}`;
  const known = await shown(parts, customer, invoice);
  if (known?.status === "open" || known?.status === "paid") return note(ctx, invoice, String(known.id));
  const dueAt = invoice.due_at === null ? null : Math.max(invoice.due_at, ctx.clock.now() + DAY);
  const draft = known
    ? String(known.id)
    : (
        await client.call("invoices.create", "invoice", (stripe) =>
          stripe.invoices.create(
            {
              customer,
              currency: invoice.currency,
              collection_method: "send_invoice",
              auto_advance: false,
              ...(dueAt === null ? { days_until_due: 0 } : { due_date: Math.floor(dueAt / 1_000) }),
              metadata: { [MARK]: invoice.id, billwright_tenant: invoice.tenant_id, number: invoice.number ?? "" },
            },
            { idempotencyKey: key },
          ),
        )
      ).id;
  const lines = (await readLines(onPlatform(ctx.pool), [invoice.tenant_id], [invoice.id])).get(invoice.id) ?? [];
  const items = lines.map((line) => ({
    description: line.description,
    amount: line.amount - line.discount + line.taxes.reduce((sum, tax) => (tax.inclusive ? sum : sum + BigInt(tax.amount)), 0n),
  }));
  if (invoice.balance_applied > 0n) items.push({ description: "Balance used", amount: -invoice.balance_applied });
  for (const [index, { description, amount }] of items.entries())
    await client.call("invoice_items.create", "invoiceitem", (stripe) =>
      stripe.invoiceItems.create(
        { customer, invoice: draft, currency: invoice.currency, amount: Number(amount), description },
        { idempotencyKey: `${key}-${index}` },
      ),
    );
  await client.call("invoices.finalize", "invoice", (stripe) =>
    stripe.invoices.finalizeInvoice(draft, { auto_advance: false }, { idempotencyKey: `${key}-issue` }),
  );
  return note(ctx, invoice, draft);
}

async function shown({ client }: StripeParts, customer: string, invoice: InvoiceRow): Promise<Json | null> {
  const list = await client.call("invoices.list", "list", (stripe) => stripe.invoices.list({ customer, limit: 100 }));
  return itemsIn(list as unknown as Json).find((one) => (one.metadata as Json | null)?.[MARK] === invoice.id) ?? null;
}

async function note(ctx: Context, invoice: InvoiceRow, reference: string): Promise<null> {
  await commit(ctx, { principal: ENGINE, tenantId: invoice.tenant_id, source: "stripe" }, (tx) =>
    noteShown(tx, { id: invoice.id, tenantId: invoice.tenant_id, reference }),
  );
  return null;
}
