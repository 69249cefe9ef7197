/** An invoice of the engine at Stripe: as one that is sent and not charged, paid out of band, voided, written off, credited. Stripe is asked first. */
import type Stripe from "stripe";
import { ENGINE } from "../../auth/principal.ts";
import type { CreditNoteRow } from "../../billing/invoices/credit-store.ts";
import { type InvoiceRow, readLines } from "../../billing/invoices/store.ts";
import { commit } from "../../commit.ts";
import type { Context } from "../../context.ts";
import { onPlatform } from "../../db/pool.ts";
import { noteShown } from "./notice-store.ts";
import type { StripeParts } from "./parts.ts";
import { arrangeBalance, onTheWire, releaseBalance, showBalance } from "./show-balance.ts";

const MARK = "billwright_invoice";
const NOTE = "billwright_credit_note";
const DAY = 86_400_000;

/** A text says why there was nothing to do, or what differs. */
type Told = string | null;

/** Its lines with what discounts and taxes made of them; the balance that it used is taken off by Stripe itself. */
export async function showInvoice(ctx: Context, parts: StripeParts, invoice: InvoiceRow): Promise<Told> {
  const { client } = parts;
  const customer = await parts.customerOf(ctx, invoice.tenant_id);
  const key = `show-${invoice.id}`;
  const known = await shown(parts, customer, invoice);
  const draft = known ?? (await create(ctx, parts, customer, invoice));
  if (draft.id === undefined) throw new Error("Stripe answered an invoice without an id.");
  const { id } = draft;
  let { status, amount_due: due } = draft;
  if (status === "draft") {
    const lines = (await readLines(onPlatform(ctx.pool), [invoice.tenant_id], [invoice.id])).get(invoice.id) ?? [];
    for (const [index, line] of lines.entries()) {
      const tax = line.taxes.reduce((sum, one) => (one.inclusive ? sum : sum + BigInt(one.amount)), 0n);
      const amount = onTheWire(line.amount - line.discount + tax, invoice.currency);
      await client.call("invoice_items.create", "invoiceitem", (stripe) =>
        stripe.invoiceItems.create(
          { customer, invoice: id, currency: invoice.currency, amount, description: line.description },
          { idempotencyKey: `${key}-${index}` },
        ),
      );
    }
    await arrangeBalance(parts, customer, invoice);
    const final = await client.call("invoices.finalize", "invoice", (stripe) =>
      stripe.invoices.finalizeInvoice(id, { auto_advance: false }, { idempotencyKey: `${key}-issue` }),
    );
    ({ status, amount_due: due } = final);
  }
  await releaseBalance(parts, customer, invoice);
  await commit(ctx, { principal: ENGINE, tenantId: invoice.tenant_id, source: "stripe" }, (tx) =>
    noteShown(tx, { id: invoice.id, tenantId: invoice.tenant_id, reference: id }),
  );
  const expected = onTheWire(invoice.total - invoice.balance_applied, invoice.currency);
  return status === "void" || due === expected ? null : `Stripe asks for ${due}, where ${expected} was due.`;
}

function create(ctx: Context, { client }: StripeParts, customer: string, invoice: InvoiceRow): Promise<Stripe.Invoice> {
  const dueAt = invoice.due_at === null ? null : Math.max(invoice.due_at, ctx.clock.now() + DAY);
  return client.call("invoices.create", "invoice", (stripe) =>
    stripe.invoices.create(
      {
        customer,
        currency: invoice.currency,
        collection_method: "send_invoice",
        auto_advance: false,
        ...(dueAt === null ? { days_until_due: 0 } : { due_date: Math.floor(dueAt / 1_000) }),
        metadata: { [MARK]: invoice.id, billwright_tenant: invoice.tenant_id, number: invoice.number ?? "" },
      },
      { idempotencyKey: `show-${invoice.id}` },
    ),
  );
}

async function shown({ client }: StripeParts, customer: string, invoice: InvoiceRow): Promise<Stripe.Invoice | null> {
  const list = await client.call("invoices.list", "list", (stripe) => stripe.invoices.list({ customer, limit: 100 }));
  return list.data.find(({ metadata }) => metadata?.[MARK] === invoice.id) ?? null;
}

async function retrieve({ client }: StripeParts, invoice: InvoiceRow): Promise<(Stripe.Invoice & { id: string }) | null> {
  const { processor_invoice_id: id } = invoice;
  if (id === null) return null;
  return { ...(await client.call("invoices.retrieve", "invoice", (stripe) => stripe.invoices.retrieve(id))), id };
}

const ABSENT = "Stripe has no invoice for it.";

export async function markPaid(parts: StripeParts, invoice: InvoiceRow): Promise<Told> {
  const there = await retrieve(parts, invoice);
  if (!there) return ABSENT;
  if (there.status === "paid") return null;
  if (there.status !== "open" && there.status !== "uncollectible")
    return `Stripe's invoice is ${String(there.status)}, so it was not marked as paid.`;
  await parts.client.call("invoices.pay", "invoice", (stripe) =>
    stripe.invoices.pay(there.id, { paid_out_of_band: true }, { idempotencyKey: `paid-${invoice.id}` }),
  );
  return null;
}

export async function markVoid(parts: StripeParts, invoice: InvoiceRow): Promise<Told> {
  const there = await retrieve(parts, invoice);
  if (!there) return ABSENT;
  if (there.status === "void") return null;
  if (there.status !== "open" && there.status !== "uncollectible")
    return `Stripe's invoice is ${String(there.status)}, so it was not voided.`;
  await parts.client.call("invoices.void", "invoice", (stripe) =>
    stripe.invoices.voidInvoice(there.id, {}, { idempotencyKey: `void-${invoice.id}` }),
  );
  return null;
}

export async function markUncollectible(parts: StripeParts, invoice: InvoiceRow): Promise<Told> {
  const there = await retrieve(parts, invoice);
  if (!there) return ABSENT;
  if (there.status === "uncollectible") return null;
  if (there.status !== "open") return `Stripe's invoice is ${String(there.status)}, so it was not marked as uncollectible.`;
  await parts.client.call("invoices.mark_uncollectible", "invoice", (stripe) =>
    stripe.invoices.markUncollectible(there.id, {}, { idempotencyKey: `uncollectible-${invoice.id}` }),
  );
  return null;
}

/**
 * Of one that is paid there: what became balance is the customer's credit, the rest was given back outside. Of one that is open there it
 * lessens what is due, and what became balance of money that came here is a transaction beside it.
 */
export async function showCredit(ctx: Context, parts: StripeParts, invoice: InvoiceRow, note: CreditNoteRow): Promise<Told> {
  const { client } = parts;
  const there = await retrieve(parts, invoice);
  if (!there) return ABSENT;
  const list = await client.call("credit_notes.list", "list", (stripe) => stripe.creditNotes.list({ invoice: there.id, limit: 100 }));
  const known = list.data.find(({ metadata }) => metadata?.[NOTE] === note.id);
  if (known) return balanceBeside(ctx, parts, known, note);
  if (there.status !== "paid" && there.status !== "open") return `Stripe's invoice is ${String(there.status)}, so it was not credited.`;
  const wire = (amount: bigint) => onTheWire(amount, note.currency);
  const settled =
    there.status === "open"
      ? {}
      : {
          ...(note.to_balance > 0n ? { credit_amount: wire(note.to_balance) } : {}),
          ...(note.total > note.to_balance ? { out_of_band_amount: wire(note.total - note.to_balance) } : {}),
        };
  const made = await client.call("credit_notes.create", "credit_note", (stripe) =>
    stripe.creditNotes.create(
      {
        invoice: there.id,
        amount: wire(note.total),
        ...settled,
        memo: note.reason === null ? note.number : `${note.number}: ${note.reason}`,
        metadata: { [NOTE]: note.id, number: note.number },
      },
      { idempotencyKey: `credit-${note.id}` },
    ),
  );
  return balanceBeside(ctx, parts, made, note);
}

async function balanceBeside(ctx: Context, parts: StripeParts, made: Stripe.CreditNote, note: CreditNoteRow): Promise<null> {
  if (note.to_balance === 0n || made.customer_balance_transaction !== null) return null;
  return showBalance(parts, await parts.customerOf(ctx, note.tenant_id), {
    id: note.id,
    kind: "credit_note",
    currency: note.currency,
    amount: note.to_balance,
  });
}
