/** What is known and passed over: why, by the object that it is about. */
import type { StripeReader } from "../event-reader.ts";

const because = (why: string, types: StripeReader["types"]): StripeReader => ({ types, read: () => why });

export const passedOver: readonly StripeReader[] = [
  because("The payment intent of the charge says what became of it.", [
    "charge.failed",
    "charge.pending",
    "charge.expired",
    "charge.updated",
  ]),
  because("Nothing has come of the payment intent yet.", [
    "payment_intent.created",
    "payment_intent.amount_capturable_updated",
    "payment_intent.partially_funded",
  ]),
  because("Nothing was left yet.", ["setup_intent.created", "setup_intent.requires_action", "setup_intent.canceled"]),
  because("Entitlements are decided here, by the catalog; what Stripe reckons of them is not looked at.", [
    "entitlements.active_entitlement_summary.updated",
  ]),
  because("Who a tenant is, and how they are taxed, is this engine's to tell Stripe.", [
    "customer.tax_id.created",
    "customer.tax_id.updated",
    "customer.tax_id.deleted",
  ]),
  because("It is a warning: money that goes back is told of by a refund or a dispute.", [
    "radar.early_fraud_warning.created",
    "radar.early_fraud_warning.updated",
    "review.opened",
    "review.closed",
  ]),
];
