/** HTTP of payments. */
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import type { Context } from "../../context.ts";
import { onPool } from "../../db/pool.ts";
import { tenantNotFound } from "../../errors.ts";
import { DEFAULT_LIMIT, decodeCursor, pageOf } from "../../http/list.ts";
import { route } from "../../http/route.ts";
import {
  Closed,
  Currency,
  Instant as InstantText,
  ListQuery,
  Named,
  Nullable,
  OneOf,
  Page,
  SignedMinor,
  TenantId,
} from "../../http/schema.ts";
import { formatInstant } from "../time/instant.ts";
import { DISPUTE_STATES, type DisputeStatus } from "./dispute.ts";
import { disputesOf } from "./dispute-store.ts";
import { listPayments, type PaymentRow } from "./store.ts";

const Params = Type.Object({ tenant_id: Type.String() });
const text = () => Nullable(Type.String());

const PaymentView = Named(
  "Payment",
  Type.Object({
    id: Type.String(),
    tenant_id: TenantId(),
    invoice_id: text(),
    gateway: Type.String(),
    status: Type.String({
      description:
        "requested, succeeded, failed, requires_action, pending or unknown; unapplied: money from outside that fits no invoice, what is left of it.",
    }),
    currency: Currency(),
    amount: SignedMinor(),
    amount_received: SignedMinor(),
    attempt: Type.Integer(),
    payment_method: text(),
    gateway_reference: text(),
    code: text(),
    reason: text(),
    requested_at: InstantText(),
    settled_at: Nullable(InstantText()),
    action_url: Nullable(Type.String({ description: "Where a person confirms what the bank asks, of one that requires_action." })),
    dispute: Nullable(OneOf(DISPUTE_STATES, "The payer's bank takes it back, or means to; null: not disputed.")),
  }),
);

export function paymentRoutes(app: FastifyInstance, ctx: Context): void {
  const known = async (tenantId: string) => {
    if (!(await ctx.tenants.find(tenantId))) throw tenantNotFound(tenantId);
  };

  route(app, ctx, {
    method: "GET",
    url: "/v1/tenants/:tenant_id/payments",
    permission: "billing.read",
    summary: "List every payment attempt, with the gateway's own code and reason",
    params: Params,
    query: Closed(ListQuery),
    response: { 200: Page(PaymentView) },
    handle: async ({ params, query }) => {
      await known(params.tenant_id);
      const limit = query.limit ?? DEFAULT_LIMIT;
      const rows = await listPayments(onPool(ctx.pool), params.tenant_id, decodeCursor(query.cursor, 2), limit + 1);
      const disputes = await disputesOf(
        onPool(ctx.pool),
        params.tenant_id,
        rows.map((row) => row.id),
      );
      return pageOf(
        rows,
        limit,
        (row) => paymentView(row, disputes.get(row.id)?.status ?? null),
        (row) => [formatInstant(row.requested_at), row.id],
      );
    },
  });
}

function paymentView(row: Omit<PaymentRow, "status"> & { status: string }, dispute: DisputeStatus | null) {
  return {
    id: row.id,
    tenant_id: row.tenant_id,
    invoice_id: row.invoice_id,
    gateway: row.gateway,
    status: row.status,
    currency: row.currency,
    amount: row.amount,
    amount_received: row.amount_received,
    attempt: row.attempt,
    payment_method: row.payment_method_id,
    gateway_reference: row.gateway_reference,
    code: row.code,
    reason: row.reason,
    requested_at: formatInstant(row.requested_at),
    settled_at: row.settled_at === null ? null : formatInstant(row.settled_at),
    action_url: row.action_url,
    dispute,
  };
}
