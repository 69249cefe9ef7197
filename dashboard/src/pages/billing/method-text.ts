import type { PaymentMethod } from "@billwright/client";
import { nameOfKey } from "../../text/quantity.ts";

const BRANDS: Record<string, string> = {
  visa: "Visa",
  mastercard: "Mastercard",
  amex: "American Express",
  rupay: "RuPay",
  none: "No card",
};

/** `Visa ending in 4242`. */
export function methodText({ brand, last4, type }: Pick<PaymentMethod, "brand" | "last4" | "type">): string {
  const name = brand === null ? nameOfKey(type) : (BRANDS[brand] ?? nameOfKey(brand));
  return last4 === null ? name : `${name} ending in ${last4}`;
}
