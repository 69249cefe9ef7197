/** Customers: made, changed in Stripe's portal, or deleted there. Names and addresses are this engine's to tell, not Stripe's. */
import { expandedIn, ours, textIn } from "../objects.ts";
import { before, type Interpret, objectOf } from "./payload.ts";

const created: Interpret = (payload) => {
  const customer = objectOf(payload, "customer");
  const id = ours(customer, "customer");
  return id === null ? "The customer was not made here." : { kind: "customer", reference: textIn(customer, "id"), change: { made: id } };
};

const updated: Interpret = (payload) => {
  const customer = objectOf(payload, "customer");
  const settings = expandedIn(before(payload), "invoice_settings");
  if (settings === null) return "Nothing changed that is kept here.";
  // That one without a default gets its first is this engine's doing, and no choice of theirs.
  if (settings.default_payment_method == null) return "The first default is not a choice.";
  return { kind: "customer", reference: textIn(customer, "id"), change: "default" };
};

const deleted: Interpret = (payload) => ({
  kind: "customer",
  reference: textIn(objectOf(payload, "customer"), "id"),
  change: "deleted",
});

export const customerEvents = {
  "customer.created": created,
  "customer.updated": updated,
  "customer.deleted": deleted,
} satisfies Record<string, Interpret>;
