/** HTTP of credit notes and refunds. */
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import type { Context } from "../../context.ts";
import { type Database, onPool } from "../../db/pool.ts";
import { Printed, route } from "../../http/route.ts";
import { Closed, Currency, Instant as InstantText, Nullable, OneOf, Page, SignedMinor, TenantId, Text } from "../../http/schema.ts";
import { refundDue } from "../payments/give-back.ts";
import { listRefunds, type RefundRow } from "../payments/refund-store.ts";
import { formatInstant } from "../time/instant.ts";
import { type CreditInput, creditInvoice } from "./credit-invoice.ts";
import { type CreditLineRow, type CreditNoteRow, listCreditNotes, readCreditLines } from "./credit-store.ts";
import { assertOwn, readInvoice } from "./find-invoice.ts";
import type { InvoiceRow } from "./store.ts";

const Params = Type.Object({ id: Type.String({ maxLength: 64 }) });
const Amount = () => Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER, description: "Minor units, tax included." });

const CreditNoteView = Type.Object({
  id: Type.String(),
  tenant_id: TenantId(),
  invoice_id: Type.String(),
  number: Type.String(),
  currency: Currency(),
  subtotal: SignedMinor(),
  discount: SignedMinor(),
  tax: SignedMinor(),
  total: SignedMinor("What it takes off the invoice."),
  to_balance: SignedMinor("Kept as the tenant's balance."),
  refunded: SignedMinor("Given back as money, or on its way."),
  offset: SignedMinor("Taken off what was due."),
  reason: Nullable(Type.String()),
  lines: Type.Array(Type.Object({}, { additionalProperties: true })),
  refunds: Type.Array(Type.Object({}, { additionalProperties: true })),
  created_at: InstantText(),
});

export function creditNoteRoutes(app: FastifyInstance, ctx: Context): void {
  const db = onPool(ctx.pool);
  const viewsOf = async (on: Database, rows: readonly CreditNoteRow[], tenantId: string) => {
    const ids = rows.map((row) => row.id);
    const lines = await readCreditLines(on, ids, tenantId);
    const refunds = Map.groupBy(await listRefunds(on, ids, tenantId), (refund) => refund.credit_note_id);
    return rows.map((row) => creditNoteView(row, lines.get(row.id) ?? [], refunds.get(row.id) ?? []));
  };
  type Write = (
    act: (tx: Parameters<typeof creditInvoice>[0]) => Promise<unknown>,
    options: { status: number; tenantId: string },
  ) => Promise<unknown>;
  // Money goes back at once where it can, so that the caller sees what became of it; a worker does the rest.
  const make = async (write: Write, invoice: InvoiceRow, input: Omit<CreditInput, "invoiceId" | "tenantId">) => {
    assertOwn(invoice, "credited");
    const tenantId = invoice.tenant_id;
    const made = await write(
      async (tx) => (await viewsOf(tx, [await creditInvoice(tx, { invoiceId: invoice.id, tenantId, ...input })], tenantId))[0],
      {
        status: 201,
        tenantId,
      },
    );
    if (made instanceof Printed || (made as { refunded: bigint }).refunded === 0n) return made;
    const { id } = made as { id: string };
    await refundDue(ctx, { creditNoteId: id });
    const notes = await listCreditNotes(db, invoice.id, tenantId);
    return (
      await viewsOf(
        db,
        notes.filter((note) => note.id === id),
        tenantId,
      )
    )[0];
  };

  route(app, ctx, {
    method: "POST",
    url: "/v1/invoices/:id/credit-notes",
    permission: "operate",
    summary: "Make a credit note: of lines, of an amount, or of all that is left",
    params: Params,
    body: Type.Optional(
      Closed({
        lines: Type.Optional(
          Type.Array(
            Closed({
              line: Text(64, "The id of a line."),
              amount: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER, description: "Of the line, before discount and tax." }),
            }),
            {
              minItems: 1,
              maxItems: 500,
            },
          ),
        ),
        amount: Type.Optional(Amount()),
        settle: Type.Optional(
          OneOf(
            ["offset", "balance", "refund"],
            "Off what is due and the rest to the balance (offset, the default), to the balance, or back as money.",
          ),
        ),
        reason: Type.Optional(Text(500)),
      }),
    ),
    response: { 201: CreditNoteView },
    handle: async ({ params, body, principal, write }) =>
      make(write, await readInvoice(db, params.id, principal.tenantId), {
        lines: body?.lines?.map(({ line, amount }) => ({ line, amountMinor: BigInt(amount) })),
        totalMinor: body?.amount === undefined ? undefined : BigInt(body.amount),
        settle: body?.settle ?? "offset",
        reason: body?.reason,
      }),
  });

  route(app, ctx, {
    method: "GET",
    url: "/v1/invoices/:id/credit-notes",
    permission: "billing.read",
    summary: "List the credit notes of an invoice, newest first",
    params: Params,
    response: { 200: Page(CreditNoteView) },
    handle: async ({ params, principal }) => {
      const invoice = await readInvoice(db, params.id, principal.tenantId);
      const notes = await listCreditNotes(db, invoice.id, invoice.tenant_id);
      return { items: await viewsOf(db, notes, invoice.tenant_id), next_cursor: null };
    },
  });

  route(app, ctx, {
    method: "POST",
    url: "/v1/invoices/:id/refunds",
    permission: "operate",
    summary: "Give money back, with a credit note over it",
    params: Params,
    body: Type.Optional(Closed({ amount: Type.Optional(Amount()), reason: Type.Optional(Text(500)) })),
    response: { 201: CreditNoteView },
    handle: async ({ params, body, principal, write }) => {
      const invoice = await readInvoice(db, params.id, principal.tenantId);
      return make(write, invoice, {
        totalMinor: body?.amount === undefined ? invoice.amount_paid - invoice.refunded : BigInt(body.amount),
        settle: "refund",
        moneyOnly: true,
        reason: body?.reason,
      });
    },
  });
}

function creditNoteView(row: CreditNoteRow, lines: readonly CreditLineRow[], refunds: readonly RefundRow[]) {
  return {
    id: row.id,
    tenant_id: row.tenant_id,
    invoice_id: row.invoice_id,
    number: row.number,
    currency: row.currency,
    subtotal: row.subtotal,
    discount: row.discount,
    tax: row.tax,
    total: row.total,
    to_balance: row.to_balance,
    refunded: row.refunded,
    offset: row.offset_due,
    reason: row.reason,
    lines: lines.map(({ line_id, description, amount, discount, tax, taxes, total }) => ({
      line: line_id,
      description,
      amount,
      discount,
      tax,
      taxes,
      total,
    })),
    refunds: refunds.map(({ id, payment_id, gateway, amount, status, code, reason }) => ({
      id,
      payment: payment_id,
      gateway,
      amount,
      status,
      code,
      reason,
    })),
    created_at: formatInstant(row.created_at),
  };
}
