/** HTTP of refunds that no gateway can make: money that came from outside goes back outside, and a person says what became of it. */
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import type { Tx } from "../../commit.ts";
import type { Context } from "../../context.ts";
import { onPool } from "../../db/pool.ts";
import { Refusal } from "../../errors.ts";
import { route } from "../../http/route.ts";
import { Closed, Currency, Named, Nullable, OneOf, SignedMinor, TenantId, Text } from "../../http/schema.ts";
import { isId } from "../../ids.ts";
import type { RefundOutcome } from "./gateway.ts";
import { MANUAL } from "./receipt.ts";
import { recordRefund } from "./record-refund.ts";
import { findRefund, lockRefund, type RefundRow } from "./refund-store.ts";

const Params = Type.Object({ id: Type.String({ maxLength: 64 }) });
const text = () => Nullable(Type.String());
const RefundView = Named(
  "Refund",
  Type.Object({
    id: Type.String(),
    tenant_id: TenantId(),
    payment_id: Type.String(),
    invoice_id: text(),
    credit_note_id: text(),
    gateway: Type.String(),
    currency: Currency(),
    amount: SignedMinor(),
    status: OneOf(["requested", "pending", "unknown", "succeeded", "failed"]),
    gateway_reference: text(),
    reason: text(),
  }),
);

export function refundRoutes(app: FastifyInstance, ctx: Context): void {
  const find = async (id: string): Promise<RefundRow> => {
    const row = isId("refund", id) ? await findRefund(onPool(ctx.pool), id, null) : null;
    if (!row) throw new Refusal("not_found", "There is no such refund.");
    if (row.gateway !== MANUAL)
      throw new Refusal("invalid_state", `The refund is made by the gateway ${row.gateway}, which says what becomes of it.`, {
        extra: { state: row.status },
      });
    return row;
  };
  const settle = async (tx: Tx, asked: RefundRow, outcome: RefundOutcome) => {
    const before = (await lockRefund(tx, asked.id, asked.tenant_id))!;
    // Said again it is as it was; the opposite of what a person said is not: a gateway may learn better, a person said what they saw.
    if ((before.status === "succeeded" || before.status === "failed") && before.status !== outcome.status)
      throw new Refusal("invalid_state", `The refund has ${before.status} already.`, { extra: { state: before.status } });
    await recordRefund(tx, { refundId: asked.id, tenantId: asked.tenant_id, outcome });
    return refundView((await findRefund(tx, asked.id, asked.tenant_id))!);
  };

  route(app, ctx, {
    method: "POST",
    url: "/v1/refunds/:id/confirm",
    permission: "operate",
    summary: "Say that money which came from outside was given back, outside",
    params: Params,
    body: Closed({ reference: Text(140, "The bank's name of the transfer.") }),
    response: { 200: RefundView },
    handle: async ({ params, body, write }) => {
      const row = await find(params.id);
      return write((tx) => settle(tx, row, { status: "succeeded", reference: body.reference }), { tenantId: row.tenant_id });
    },
  });

  route(app, ctx, {
    method: "POST",
    url: "/v1/refunds/:id/fail",
    permission: "operate",
    summary: "Say that it could not be given back: it becomes the tenant's balance",
    params: Params,
    body: Closed({ reason: Text(500) }),
    response: { 200: RefundView },
    handle: async ({ params, body, write }) => {
      const row = await find(params.id);
      const outcome = { status: "failed" as const, reference: null, code: "not_given_back", reason: body.reason };
      return write((tx) => settle(tx, row, outcome), { tenantId: row.tenant_id });
    },
  });
}

function refundView(row: RefundRow) {
  const { id, tenant_id, payment_id, invoice_id, credit_note_id, gateway, currency, amount, status, gateway_reference, reason } = row;
  return { id, tenant_id, payment_id, invoice_id, credit_note_id, gateway, currency, amount, status, gateway_reference, reason };
}
