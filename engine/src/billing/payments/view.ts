/** A payment as the API shows it. */
import { Type } from "typebox";
import { allows, type Principal } from "../../auth/principal.ts";
import { Currency, Instant as InstantText, Named, Nullable, OneOf, SignedMinor, TenantId } from "../../http/schema.ts";
import { formatInstant } from "../time/instant.ts";
import { DISPUTE_STATES } from "./dispute.ts";
import type { Confirmation } from "./gateway.ts";
import type { PresentedPayment } from "./present-payment.ts";
import type { PaymentRow } from "./store.ts";

const text = () => Nullable(Type.String());

export const PaymentView = Named(
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

export const ConfirmationView = Named(
  "PaymentConfirmation",
  Type.Object({
    client_secret: Type.String({
      description:
        "For the page of the person who pays, and nobody else: Stripe.js, or POST /sandbox/payment-intents/confirm in the sandbox.",
    }),
    publishable_key: Nullable(Type.String({ description: "What that page opens the gateway with; public." })),
    gateway_payment_method: Nullable(
      Type.String({ description: "The gateway's own name of the method that waits to be confirmed; another can be given there." }),
    ),
  }),
);

/** One that may wait for the person, for whoever looks at that one. */
export const PaymentDetail = Named(
  "PaymentDetail",
  Type.Object({
    ...PaymentView.properties,
    confirmation: Type.Union([ConfirmationView, Type.Null()], {
      description:
        "What the person confirms it with while it requires_action; asked of the gateway each time, and null for whoever may only read, or while the gateway is away.",
    }),
  }),
);

/** `viewer`: whoever may only read is not handed what pays. */
export function paymentDetail({ row, confirmation }: PresentedPayment, viewer: Principal) {
  const shown = confirmation && allows(viewer, "billing.write");
  return { ...paymentView(row), confirmation: shown ? confirmationView(confirmation) : null };
}

export function confirmationView({ clientSecret, publicKey, method }: Confirmation) {
  return { client_secret: clientSecret, publishable_key: publicKey, gateway_payment_method: method };
}

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
