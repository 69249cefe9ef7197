/** What a checkout is: a page of a gateway on which something is paid for, and what came of it. */
import { invalidField } from "../../errors.ts";
import type { Instant } from "../time/instant.ts";

export type CheckoutStatus = "open" | "completed" | "canceled" | "expired" | "failed";

/** What is sold on it. */
export type CheckoutItem =
  | { kind: "credits"; product: string; quantity: number; credits: string; unit_amount: string; priority?: number | null }
  | {
      kind: "plan";
      plan: string;
      seats: number | null;
      /** Instead of the plan's own; null: not said. */
      trial_days?: number | null;
      /** null: the engine runs the subscription, and the page only takes what it is charged by. */
      offer?: SubscriptionOffer | null;
    };

/** A subscription that a processor begins on the page and runs from then on: what is sold there, and the id that it will have here. */
export interface SubscriptionOffer {
  processor: "stripe";
  subscription: string;
  plan_version: number;
  /** 0: without a trial. */
  trial_days: number;
  /** By the processor's names of the prices; of a metered one there is no number. */
  items: readonly { price: string; quantity: number | null }[];
  automatic_tax: boolean;
}

/** What `checkout.completed` says. */
export interface CheckoutCompleted {
  checkout: string;
  kind: CheckoutItem["kind"];
  payment: string | null;
  payment_method: string | null;
  reference: string | null;
  amount: bigint;
  currency: string;
  /** The processor's names of the subscription that began on the page, and of whose it is. */
  subscription: { reference: string; customer: string } | null;
}

const HOUR = 3_600_000;
export const CHECKOUT_HOURS = 24;
const MINUTE = 60_000;

/** When the gateway is asked again, should nobody report: after 1, 2, 4, … minutes, at most each hour. */
export function nextAsk(asked: number, now: Instant): Instant {
  return now + Math.min(MINUTE * 2 ** Math.min(asked, 10), HOUR);
}

/** An address that a browser may be sent to. Throws a 422 that names the field. */
export function checkedUrl(field: string, text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:"))
    throw invalidField(field, "must be an http or https address");
  if (url.username !== "" || url.password !== "") throw invalidField(field, "must not hold credentials");
  return text;
}

// The second is what people have in their code who come from Stripe.
const PLACE = /\{CHECKOUT(?:_SESSION)?_ID\}/;

/** The address with the checkout's id in it: in place of `{CHECKOUT_ID}` or `{CHECKOUT_SESSION_ID}`, else as `checkout_id`. */
export function withCheckout(address: string, id: string): string {
  if (PLACE.test(address)) return address.replace(new RegExp(PLACE, "g"), id);
  const url = new URL(address);
  url.searchParams.set("checkout_id", id);
  return url.href;
}
