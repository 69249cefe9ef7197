/** Stripe's objects as the port has them: checked, in minor units. Both what calls answer and what webhooks carry, of any API version. Pure. */

import type { ChargeOutcome, GatewayMethod, RefundOutcome } from "../../billing/payments/gateway.ts";
import { isRecord } from "../../http/json.ts";
import { fromStripe } from "./amount.ts";

export type Json = Readonly<Record<string, unknown>>;

/** Under these names our own ids stand in the metadata of what is made there. */
export const OURS = {
  tenant: "billwright_tenant",
  customer: "billwright_customer",
  payment: "billwright_payment",
  invoice: "billwright_invoice",
  refund: "billwright_refund",
  checkout: "billwright_checkout",
  subscription: "billwright_subscription",
} as const;

export class MalformedObject extends Error {
  override readonly name = "MalformedObject";
}

export function objectIn(value: unknown, what: string): Json {
  if (isRecord(value)) return value;
  throw new MalformedObject(`${what} is no object`);
}

export function textIn(object: Json, field: string): string {
  const value = object[field];
  if (typeof value === "string" && value !== "") return value;
  throw new MalformedObject(`${String(object.object)}.${field} is no text`);
}

export function optionalText(object: Json | null, field: string): string | null {
  const value = object?.[field];
  return typeof value === "string" && value !== "" ? value : null;
}

/** The id of what may be expanded: `"cus_1"`, or the whole customer. */
export function idIn(object: Json, field: string): string | null {
  const value = object[field];
  if (isRecord(value)) return optionalText(value, "id");
  return optionalText(object, field);
}

/** What may be expanded, and is. */
export function expandedIn(object: Json, field: string): Json | null {
  const value = object[field];
  return isRecord(value) ? value : null;
}

export function ours(object: Json, name: keyof typeof OURS): string | null {
  const { metadata } = object;
  return isRecord(metadata) ? optionalText(metadata, OURS[name]) : null;
}

export function amountIn(object: Json, field = "amount"): { amountMinor: bigint; currency: string } {
  const currency = textIn(object, "currency").toLowerCase();
  const amount = object[field];
  if (!/^[a-z]{3}$/.test(currency) || typeof amount !== "number")
    throw new MalformedObject(`${String(object.object)}.${field} is no amount`);
  return { amountMinor: fromStripe(amount, currency), currency };
}

export type KnownOutcome = Exclude<ChargeOutcome, { status: "unknown" }> & { reference: string };

/** What became of a payment intent. */
export function intentOutcome(intent: Json): KnownOutcome {
  const reference = textIn(intent, "id");
  const error = expandedIn(intent, "last_payment_error");
  switch (intent.status) {
    case "succeeded":
      return { status: "succeeded", reference, ...amountIn(intent, "amount_received") };
    case "processing":
    case "requires_capture":
      return { status: "pending", reference };
    case "requires_action":
    case "requires_source_action":
    case "requires_confirmation":
      return { status: "requires_action", reference, url: actionUrl(intent) };
    case "canceled":
      return { status: "failed", reference, ...failure(error, "canceled", "The payment was given up.") };
    case "requires_payment_method":
    case "requires_source":
      // The bank wants the person, who may still confirm this very intent.
      if (error?.code === "authentication_required") return { status: "requires_action", reference, url: null };
      return { status: "failed", reference, ...failure(error, "payment_failed", "The payment failed.") };
    default:
      throw new MalformedObject(`payment_intent.status is ${String(intent.status)}`);
  }
}

function failure(error: Json | null, code: string, reason: string): { code: string; reason: string } {
  return {
    code: optionalText(error, "decline_code") ?? optionalText(error, "code") ?? code,
    reason: optionalText(error, "message") ?? reason,
  };
}

function actionUrl(intent: Json): string | null {
  const next = expandedIn(intent, "next_action");
  const redirect = next && (expandedIn(next, "redirect_to_url") ?? expandedIn(next, "verify_with_microdeposits"));
  return optionalText(redirect, "url") ?? optionalText(redirect, "hosted_verification_url");
}

export function refundOutcome(refund: Json): Exclude<RefundOutcome, { status: "unknown" }> {
  const reference = textIn(refund, "id");
  switch (refund.status) {
    case "succeeded":
      return { status: "succeeded", reference };
    case "failed":
    case "canceled":
      return {
        status: "failed",
        reference,
        code: optionalText(refund, "failure_reason") ?? `refund_${refund.status}`,
        reason: "Stripe could not give the money back.",
      };
    default:
      return { status: "pending", reference };
  }
}

/** Of what kinds of method what stands on a page or an invoice: a brand or bank, the last digits, and until when. */
export function methodOf(method: Json): GatewayMethod {
  const kind = optionalText(method, "type") ?? "card";
  const about = expandedIn(method, kind);
  const whole = (field: string) => {
    const value = about?.[field];
    return typeof value === "number" ? value : null;
  };
  return {
    reference: textIn(method, "id"),
    kind,
    brand: optionalText(about, "brand") ?? optionalText(about, "bank_name") ?? optionalText(about, "bank"),
    last4: optionalText(about, "last4"),
    expMonth: whole("exp_month"),
    expYear: whole("exp_year"),
    madeAt: typeof method.created === "number" ? method.created * 1_000 : null,
  };
}
