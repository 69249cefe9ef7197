/**
 * What Stripe tells of subscriptions, their invoices and what they are sold by: that something happened, and to what. What it then is, is
 * read anew, so that the order of events, and the shape of an older API version, do not matter. Pure.
 */
import type { Fact, Interpret } from "../../../webhooks/inbound/adapter.ts";

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value);

function objectOf(event: Json): Json {
  const data = event.data;
  const object = isObject(data) ? data.object : null;
  if (isObject(object)) return object;
  throw new Error("The event is about no object.");
}

function idOf(value: unknown): string | null {
  if (typeof value === "string" && value !== "") return value;
  return isObject(value) && typeof value.id === "string" ? value.id : null;
}

const report = (of: {
  subscription?: string | null;
  invoice?: string | null;
  charge?: string | null;
  customer?: string | null;
  trialEnding?: boolean;
  money?: boolean;
}): Fact => ({
  kind: "report",
  report: { subscription: null, invoice: null, ...of },
});

const subscription: Interpret = (event) => report({ subscription: idOf(objectOf(event)) });

const trialEnding: Interpret = (event) => report({ subscription: idOf(objectOf(event)), trialEnding: true });

/** Under `parent` since 2025, beside it before. A draft that was deleted can be asked for no more, its subscription can. */
function subscriptionIn(object: Json): string | null {
  const parent = isObject(object.parent) ? object.parent : {};
  const details = isObject(parent.subscription_details) ? parent.subscription_details : {};
  return idOf(details.subscription) ?? idOf(object.subscription);
}

const invoice: Interpret = (event) => {
  const object = objectOf(event);
  const of = subscriptionIn(object);
  return of === null ? "The invoice is of no subscription." : report({ subscription: of, invoice: idOf(object) });
};

/** Of the invoice itself there is nothing yet. */
const upcoming: Interpret = (event) => {
  const of = subscriptionIn(objectOf(event));
  return of === null ? "The invoice is of no subscription." : report({ subscription: of });
};

const ofInvoice: Interpret = (event) => {
  const of = idOf(objectOf(event).invoice);
  return of === null ? "It is of no invoice." : report({ invoice: of, money: true });
};

const schedule: Interpret = (event) => {
  const object = objectOf(event);
  const of = idOf(object.subscription) ?? idOf(object.released_subscription);
  return of === null ? "The schedule has no subscription yet." : report({ subscription: of });
};

const money: Interpret = (event) => {
  const object = objectOf(event);
  const charge = object.object === "charge" ? idOf(object) : idOf(object.charge);
  return charge === null
    ? "It is of no charge."
    : report({ charge, invoice: idOf(object.invoice), customer: idOf(object.customer), money: true });
};

/** What is sold is declared in the catalog here; what of it Stripe lists is read anew when it is asked for next. */
const catalog: Interpret = () => ({ kind: "offers" });

const entitlement: Interpret = () => "Entitlements are decided here, by the catalog; what Stripe reckons of them is not looked at.";

const meterErrors: Interpret = (event) => {
  const data = isObject(event.data) ? event.data : {};
  return `Stripe could not use what its meter was sent: ${typeof data.developer_message_summary === "string" ? data.developer_message_summary : "no summary"}`;
};

const every = (prefix: string, names: string, interpret: Interpret) =>
  names.split(" ").map((name) => [`${prefix}.${name}`, interpret] as const);

export const BILLING_EVENTS: Readonly<Record<string, Interpret>> = Object.fromEntries([
  ...every("customer.subscription", "created updated deleted paused resumed pending_update_applied pending_update_expired", subscription),
  ["customer.subscription.trial_will_end", trialEnding],
  ...every(
    "invoice",
    "created finalized finalization_failed paid payment_succeeded payment_failed payment_action_required updated sent overdue will_be_due voided marked_uncollectible deleted",
    invoice,
  ),
  ["invoice.upcoming", upcoming],
  ["invoice_payment.paid", ofInvoice],
  ...every("credit_note", "created updated voided", ofInvoice),
  ...every("subscription_schedule", "aborted canceled completed created expiring released updated", schedule),
  ...every("price", "created updated deleted", catalog),
  ...every("product", "created updated deleted", catalog),
  ...every("plan", "created updated deleted", catalog),
  ["entitlements.active_entitlement_summary.updated", entitlement],
  ["v1.billing.meter.error_report_triggered", meterErrors],
  ["billing.meter.error_report_triggered", meterErrors],
]);

/** Of charges that no payment of ours made, and of what was given back of them without being asked for here. */
export const BILLING_MONEY: Readonly<Record<string, Interpret>> = Object.fromEntries([
  ["charge.refunded", money],
  ...every("refund", "created updated", money),
]);
