/** A payment as the API shows it. */
import { type TSchema, Type } from "typebox";
import { Currency, Instant as InstantText, Named, Nullable, OneOf, SignedMinor, TenantId } from "../../http/schema.ts";
import { formatInstant } from "../time/instant.ts";
import { DISPUTE_STATES } from "./dispute.ts";
import type { PaymentRow } from "./store.ts";

const text = () => Nullable(Type.String());

export const PaymentView: TSchema = Named(
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

export function paymentView(row: Omit<PaymentRow, "status"> & { status: string }) {
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
    dispute: row.dispute,
  };
}
