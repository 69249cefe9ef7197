/** Razorpay's objects as the port has them: checked, in minor units and lower-case currencies. Pure. */

import type { ChargeOutcome, RefundOutcome } from "../../billing/payments/gateway.ts";
import { isRecord } from "../../http/json.ts";
import type { Json } from "./client.ts";

export class MalformedEntity extends Error {
  override readonly name = "MalformedEntity";
}

export function objectIn(value: unknown, what: string): Json {
  if (isRecord(value)) return value;
  throw new MalformedEntity(`${what} is no object`);
}

export function textIn(entity: Json, field: string): string {
  const value = entity[field];
  if (typeof value === "string" && value !== "") return value;
  throw new MalformedEntity(`${String(entity.entity)}.${field} is no text`);
}

export function optionalText(entity: Json, field: string): string | null {
  const value = entity[field];
  return typeof value === "string" && value !== "" ? value : null;
}

/** Of a collection. */
export function itemsIn(collection: Json): Json[] {
  if (!Array.isArray(collection.items)) throw new MalformedEntity("the collection has no items");
  return collection.items.map((item) => objectIn(item, "an item"));
}

export function amountIn(entity: Json): { amountMinor: bigint; currency: string } {
  const text = String(entity.amount);
  if (!/^\d{1,18}$/.test(text)) throw new MalformedEntity(`${String(entity.entity)}.amount is no amount`);
  const currency = textIn(entity, "currency").toLowerCase();
  if (!/^[a-z]{3}$/.test(currency)) throw new MalformedEntity(`${String(entity.entity)}.currency is no currency`);
  return { amountMinor: BigInt(text), currency };
}

/** What became of a payment. One that was refunded since was captured all the same; the refunds are told for themselves. */
export function paymentOutcome(payment: Json): Exclude<ChargeOutcome, { status: "unknown" }> & { reference: string } {
  const reference = textIn(payment, "id");
  const status = textIn(payment, "status");
  if (status === "captured" || status === "refunded") return { status: "succeeded", reference, ...amountIn(payment) };
  if (status === "created" || status === "authorized" || status === "pending") return { status: "pending", reference };
  if (status !== "failed") throw new MalformedEntity(`payment.status is ${status}`);
  const code = optionalText(payment, "error_reason") ?? optionalText(payment, "error_code") ?? "failed";
  return { status: "failed", reference, code, reason: optionalText(payment, "error_description") ?? "The payment failed." };
}

export function refundOutcome(refund: Json): Exclude<RefundOutcome, { status: "unknown" }> {
  const reference = textIn(refund, "id");
  const status = textIn(refund, "status");
  if (status === "processed") return { status: "succeeded", reference };
  if (status === "failed") return { status: "failed", reference, code: "refund_failed", reason: "Razorpay could not give the money back." };
  return { status: "pending", reference };
}
