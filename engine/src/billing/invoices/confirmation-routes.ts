/** HTTP of what a person confirms the payment of an invoice with, whoever collects it. */
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import type { Context } from "../../context.ts";
import { onPool } from "../../db/pool.ts";
import { route } from "../../http/route.ts";
import { Named, Nullable } from "../../http/schema.ts";
import type { Confirmation } from "../payments/gateway.ts";
import { presentPayment } from "../payments/present-payment.ts";
import { findWaiting } from "../payments/store.ts";
import { ConfirmationView, confirmationView } from "../payments/view.ts";
import { readInvoice } from "./find-invoice.ts";
import type { InvoiceRow } from "./store.ts";

const InvoiceConfirmation = Named(
  "InvoiceConfirmation",
  Type.Object({
    invoice_id: Type.String(),
    status: Type.String({ description: "Of the invoice, as it now stands." }),
    payment_id: Nullable(Type.String({ description: "The attempt that waits; null where none of the engine's does." })),
    action_url: Nullable(Type.String({ description: "A page of the gateway's, where there is one, instead of a page of yours." })),
    confirmation: Type.Union([ConfirmationView, Type.Null()]),
  }),
);

interface Waiting {
  payment: string | null;
  url: string | null;
  confirmation: Confirmation | null;
}

export function invoiceConfirmationRoutes(app: FastifyInstance, ctx: Context): void {
  const db = onPool(ctx.pool);

  route(app, ctx, {
    method: "GET",
    url: "/v1/invoices/:id/confirmation",
    permission: "billing.write",
    summary: "What the person who pays confirms the payment of an invoice with, while it waits for them",
    params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
    response: { 200: InvoiceConfirmation },
    handle: async ({ params, principal, reply }) => {
      const invoice = await readInvoice(db, params.id, principal.tenantId);
      const { payment, url, confirmation } = await waitingFor(invoice);
      reply.header("cache-control", "private, no-store");
      return {
        invoice_id: invoice.id,
        status: (await readInvoice(db, invoice.id, invoice.tenant_id)).status,
        payment_id: payment,
        action_url: url,
        confirmation: confirmation && confirmationView(confirmation),
      };
    },
  });

  async function waitingFor(invoice: InvoiceRow): Promise<Waiting> {
    const { processor, processor_invoice_id: reference } = invoice;
    if (processor !== "engine") {
      const due = invoice.status === "open" || invoice.status === "uncollectible";
      const confirmation = due && reference !== null ? await ctx.processors.outside(processor)?.confirmation(ctx, reference) : null;
      return { payment: null, url: confirmation ? invoice.processor_hosted_url : null, confirmation: confirmation ?? null };
    }
    const row = await findWaiting(db, invoice.id, invoice.tenant_id);
    if (!row) return { payment: null, url: null, confirmation: null };
    const shown = await presentPayment(ctx, row);
    const waits = shown.row.status === "requires_action";
    return { payment: waits ? row.id : null, url: waits ? shown.row.action_url : null, confirmation: shown.confirmation };
  }
}
