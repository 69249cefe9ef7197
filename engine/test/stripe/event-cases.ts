/**
 * For each type of event that is read: an object as Stripe's own types have it, as far as it is looked at, and what it says. A new type has
 * its entry here, and a real payload beside this checkout where there is one (`events.test.ts`).
 */
import type Stripe from "stripe";

type Json = Record<string, unknown>;

export interface EventCase {
  object: Json;
  says: unknown;
}

const OURS = { billwright_payment: "pay_ours" };
const charge = (outcome: Json) => ({ kind: "charge", paymentId: "pay_ours", outcome: { reference: "pi_1", ...outcome } });
const report = (of: Json) => ({ kind: "report", report: { subscription: null, invoice: null, ...of } });

const intent = (over: Partial<Stripe.PaymentIntent>) => ({
  id: "pi_1",
  object: "payment_intent",
  metadata: OURS,
  currency: "usd",
  ...over,
});
const session = {
  id: "cs_1",
  object: "checkout.session",
  client_reference_id: "co_ours",
  metadata: {},
} satisfies Partial<Stripe.Checkout.Session>;
const captured = {
  id: "ch_1",
  object: "charge",
  captured: true,
  amount_captured: 500,
  currency: "usd",
  payment_intent: "pi_1",
  metadata: OURS,
} satisfies Partial<Stripe.Charge>;
const refund = {
  id: "re_1",
  object: "refund",
  amount: 200,
  currency: "usd",
  charge: "ch_1",
  payment_intent: "pi_1",
  metadata: {},
  status: "succeeded",
} satisfies Partial<Stripe.Refund>;
const dispute = (status: Stripe.Dispute["status"]) =>
  ({
    id: "dp_1",
    object: "dispute",
    amount: 500,
    currency: "usd",
    charge: "ch_1",
    payment_intent: "pi_1",
    reason: "fraudulent",
    status,
  }) satisfies Partial<Stripe.Dispute>;
const subscription = { id: "sub_1", object: "subscription" } satisfies Partial<Stripe.Subscription>;
const invoice = {
  id: "in_1",
  object: "invoice",
  parent: { type: "subscription_details", quote_details: null, subscription_details: { subscription: "sub_1", metadata: null } },
} satisfies Partial<Stripe.Invoice>;
const schedule = {
  id: "sub_sched_1",
  object: "subscription_schedule",
  subscription: "sub_1",
} satisfies Partial<Stripe.SubscriptionSchedule>;
const method = { id: "pm_1", object: "payment_method" } satisfies Partial<Stripe.PaymentMethod>;
const setup = {
  id: "seti_1",
  object: "setup_intent",
  payment_method: "pm_1",
  last_setup_error: null,
} satisfies Partial<Stripe.SetupIntent>;
const customer = { id: "cus_1", object: "customer", metadata: { billwright_customer: "cus_ours" } } satisfies Partial<Stripe.Customer>;

const refunded = {
  kind: "refund",
  refundId: null,
  of: { payment: "pi_1", charge: "ch_1", invoice: null, customer: null },
  amountMinor: 200n,
  currency: "usd",
  outcome: { status: "succeeded", reference: "re_1" },
};
const disputed = (status: string) => ({
  kind: "dispute",
  of: { payment: "pi_1", charge: "ch_1" },
  report: { reference: "dp_1", status, reason: "fraudulent", amountMinor: 500n, currency: "usd" },
});
const paid = { object: captured, says: charge({ status: "succeeded", amountMinor: 500n, currency: "usd" }) };
const page = { object: session, says: { kind: "checkout", checkoutId: "co_ours" } };
const given = { object: refund, says: refunded };
const ofSubscription = { object: subscription, says: report({ subscription: "sub_1" }) };
const ofInvoice = { object: invoice, says: report({ subscription: "sub_1", invoice: "in_1" }) };
const ofSchedule = { object: schedule, says: report({ subscription: "sub_1" }) };
const ofMethod = { object: method, says: { kind: "method", reference: "pm_1" } };
const ofMoney = (object: Json) => ({ object: { invoice: "in_1", ...object }, says: report({ invoice: "in_1", money: true }) });
const sold = { object: { id: "price_1", object: "price" }, says: { kind: "offers" } };
const note = ofMoney({ id: "cn_1", object: "credit_note" });

export const EVENT_CASES: Readonly<Record<string, EventCase>> = {
  "payment_intent.succeeded": {
    object: intent({ status: "succeeded", amount_received: 500 }),
    says: charge({ status: "succeeded", amountMinor: 500n, currency: "usd" }),
  },
  "payment_intent.payment_failed": {
    object: intent({ status: "requires_payment_method", last_payment_error: null }),
    says: charge({ status: "failed", code: "payment_failed", reason: "The payment failed." }),
  },
  "payment_intent.processing": { object: intent({ status: "processing" }), says: charge({ status: "pending" }) },
  "payment_intent.requires_action": {
    object: intent({ status: "requires_action", next_action: null }),
    says: charge({ status: "requires_action", url: null }),
  },
  "payment_intent.canceled": {
    object: intent({ status: "canceled", last_payment_error: null }),
    says: charge({ status: "failed", code: "canceled", reason: "The payment was given up." }),
  },
  "charge.succeeded": paid,
  "charge.captured": paid,
  "charge.refunded": {
    object: { ...captured, metadata: {}, customer: "cus_1" },
    says: report({ charge: "ch_1", customer: "cus_1", money: true }),
  },
  "refund.created": given,
  "refund.updated": given,
  "refund.failed": {
    object: { ...refund, status: "failed", failure_reason: "declined", metadata: { billwright_refund: "refund_ours" } },
    says: {
      ...refunded,
      refundId: "refund_ours",
      outcome: { status: "failed", reference: "re_1", code: "declined", reason: "Stripe could not give the money back." },
    },
  },
  "charge.refund.updated": given,
  "charge.dispute.created": { object: dispute("needs_response"), says: disputed("needs_response") },
  "charge.dispute.updated": { object: dispute("under_review"), says: disputed("under_review") },
  "charge.dispute.closed": { object: dispute("lost"), says: disputed("lost") },
  "charge.dispute.funds_withdrawn": { object: dispute("warning_needs_response"), says: disputed("warning") },
  "charge.dispute.funds_reinstated": { object: dispute("won"), says: disputed("won") },
  "checkout.session.completed": page,
  "checkout.session.expired": page,
  "checkout.session.async_payment_succeeded": page,
  "checkout.session.async_payment_failed": page,
  "customer.created": { object: customer, says: { kind: "customer", reference: "cus_1", change: { made: "cus_ours" } } },
  "customer.updated": { object: customer, says: "Nothing changed that is kept here." },
  "customer.deleted": { object: customer, says: { kind: "customer", reference: "cus_1", change: "deleted" } },
  "payment_method.attached": ofMethod,
  "payment_method.updated": ofMethod,
  "payment_method.automatically_updated": ofMethod,
  "payment_method.detached": ofMethod,
  "setup_intent.succeeded": { object: setup, says: { kind: "method", reference: "pm_1" } },
  "setup_intent.setup_failed": { object: setup, says: "No method was left: it failed" },
  "customer.subscription.created": ofSubscription,
  "customer.subscription.updated": ofSubscription,
  "customer.subscription.deleted": ofSubscription,
  "customer.subscription.paused": ofSubscription,
  "customer.subscription.resumed": ofSubscription,
  "customer.subscription.pending_update_applied": ofSubscription,
  "customer.subscription.pending_update_expired": ofSubscription,
  "customer.subscription.trial_will_end": { object: subscription, says: report({ subscription: "sub_1", trialEnding: true }) },
  "subscription_schedule.aborted": ofSchedule,
  "subscription_schedule.canceled": ofSchedule,
  "subscription_schedule.completed": ofSchedule,
  "subscription_schedule.created": ofSchedule,
  "subscription_schedule.expiring": ofSchedule,
  "subscription_schedule.released": {
    object: { ...schedule, subscription: null, released_subscription: "sub_1" },
    says: report({ subscription: "sub_1" }),
  },
  "subscription_schedule.updated": ofSchedule,
  "invoice.created": ofInvoice,
  "invoice.finalized": ofInvoice,
  "invoice.finalization_failed": ofInvoice,
  "invoice.paid": ofInvoice,
  "invoice.payment_succeeded": ofInvoice,
  "invoice.payment_failed": ofInvoice,
  "invoice.payment_action_required": ofInvoice,
  "invoice.updated": ofInvoice,
  "invoice.sent": ofInvoice,
  "invoice.overdue": ofInvoice,
  "invoice.will_be_due": ofInvoice,
  "invoice.voided": ofInvoice,
  "invoice.marked_uncollectible": ofInvoice,
  // As older versions of the API have it.
  "invoice.deleted": {
    object: { id: "in_1", object: "invoice", subscription: "sub_1" },
    says: report({ subscription: "sub_1", invoice: "in_1" }),
  },
  "invoice.upcoming": { object: { ...invoice, id: undefined }, says: report({ subscription: "sub_1" }) },
  "invoice_payment.paid": ofMoney({ id: "inpay_1", object: "invoice_payment" }),
  "credit_note.created": note,
  "credit_note.updated": note,
  "credit_note.voided": note,
  "price.created": sold,
  "price.updated": sold,
  "price.deleted": sold,
  "product.created": sold,
  "product.updated": sold,
  "product.deleted": sold,
  "plan.created": sold,
  "plan.updated": sold,
  "plan.deleted": sold,
  "v1.billing.meter.error_report_triggered": { object: {}, says: "Stripe could not use what its meter was sent: no summary" },
  "v1.billing.meter.no_meter_found": { object: {}, says: "Stripe could not use what its meter was sent: no summary" },
};
