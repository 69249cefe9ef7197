/** A check as it is answered, over HTTP and in the process: quantities are numbers, or texts where a number would lose digits. */
import { invalidField } from "../../errors.ts";
import { type Decimal, decimal } from "../money/decimal.ts";
import type { Window } from "../time/window.ts";
import { quantityText } from "../usage/reading.ts";
import type { Reason } from "./grant.ts";

export interface LimitAnswer {
  /** null: unlimited. */
  limit: number | string | null;
  used: number | string | null;
  remaining: number | string | null;
  window: Window | null;
  /** RFC 3339; null: never. */
  resets_at: string | null;
  enforcement: "hard" | "soft" | null;
}

export interface CheckAnswer extends LimitAnswer {
  feature: string;
  type: "boolean" | "metered" | "config";
  has_access: boolean;
  reason: Reason;
  value: unknown;
  limits: readonly LimitAnswer[];
}

export interface ConsumptionAnswer extends CheckAnswer {
  /** Of the usage event that was recorded. */
  id: string;
  status: "accepted" | "duplicate";
  conflict?: boolean;
  quantity: number | string;
}

/** Throws `invalid_request` where it is no quantity of zero or more. */
export function parseQuantity(quantity: number | string): Decimal {
  const text = quantityText(quantity);
  if (text === null || text.startsWith("-")) throw invalidField("quantity", "must be a number of zero or more");
  return decimal(text);
}
