/** HTTP of what can be done with one invoice. An illegal step is a 409 that names the state. */
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import type { Context } from "../../context.ts";
import { onPool } from "../../db/pool.ts";
import { Refusal } from "../../errors.ts";
import { route, writtenText } from "../../http/route.ts";
import { Closed, Text } from "../../http/schema.ts";
import { collectNow } from "../payments/collect.ts";
import { presentPayment } from "../payments/present-payment.ts";
import type { PaymentRow } from "../payments/store.ts";
import { PaymentDetail, paymentDetail } from "../payments/view.ts";
import { finalizeInvoice } from "./draft.ts";
import { readInvoice } from "./find-invoice.ts";
import { requestPayment } from "./request-payment.ts";
import { type InvoiceRow, readLines } from "./store.ts";
import { InvoiceView, invoiceView } from "./view.ts";
import { voidInvoice } from "./void.ts";
import { writeOff } from "./write-off.ts";

const Params = Type.Object({ id: Type.String({ maxLength: 64 }) });

export function invoiceActionRoutes(app: FastifyInstance, ctx: Context): void {
  const db = onPool(ctx.pool);
  const viewOf = async (row: InvoiceRow, on = db) => {
    const lines = await readLines(on, [row.tenant_id], [row.id]);
    return invoiceView(row, lines.get(row.id) ?? [], ctx.config);
  };

  for (const [step, summary, act] of [
    ["finalize", "Issue a draft: it gets its number and is owed", finalizeInvoice],
    ["void", "Void an invoice: nothing is owed, and its number stays taken", voidInvoice],
    ["uncollectible", "Mark an invoice uncollectible; it can still be paid", writeOff],
  ] as const) {
    route(app, ctx, {
      method: "POST",
      url: `/v1/invoices/:id/${step}`,
      permission: "operate",
      summary,
      params: Params,
      body: Type.Optional(Closed({})),
      response: { 200: InvoiceView },
      handle: async ({ params, principal, write }) => {
        const { id, tenant_id } = await readInvoice(db, params.id, principal.tenantId);
        return write(async (tx) => viewOf(await act(tx, { invoiceId: id, tenantId: tenant_id }), tx), { tenantId: tenant_id });
      },
    });
  }

  route(app, ctx, {
    method: "POST",
    url: "/v1/invoices/:id/pay",
    permission: "billing.write",
    summary: "Pay an invoice now, by the default payment method or the one that is named",
    params: Params,
    body: Type.Optional(
      Closed({
        payment_method: Type.Optional(Text(64, "The id of a payment method of the tenant.")),
        amount: Type.Optional(
          Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER, description: "A part of what is due; all of it if not said." }),
        ),
      }),
    ),
    response: { 200: InvoiceView, 202: Type.Object({ ...InvoiceView.properties, payment: PaymentDetail }) },
    handle: async ({ params, body, principal, write, reply }) => {
      const { id, tenant_id } = await readInvoice(db, params.id, principal.tenantId);
      const asked = await write(
        async (tx) => ({
          payment: await requestPayment(tx, {
            invoiceId: id,
            tenantId: tenant_id,
            method: body?.payment_method,
            amountMinor: body?.amount === undefined ? undefined : BigInt(body.amount),
          }),
        }),
        { tenantId: tenant_id },
      );
      // The same key again: the same attempt, answered as it stands now.
      const payment = writtenText(asked, "payment");
      if (payment === null) return asked;
      const shown = await presentPayment(ctx, await collectNow(ctx, { paymentId: payment, tenantId: tenant_id }));
      if (shown.row.status === "failed") throw failed(shown.row);
      const invoice = await viewOf(await readInvoice(db, id, tenant_id));
      if (shown.row.status === "succeeded") {
        reply.status(200);
        return invoice;
      }
      reply.status(202).header("cache-control", "private, no-store");
      return { ...invoice, payment: paymentDetail(shown, principal) };
    },
  });
}

function failed(row: PaymentRow): Refusal {
  return new Refusal("payment_failed", row.reason ?? "The payment failed.", {
    extra: { payment: row.id, gateway: row.gateway, gateway_code: row.code },
  });
}
