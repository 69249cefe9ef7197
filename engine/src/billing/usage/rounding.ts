/** The rounding of a meter's value before it is priced. */
import type { Decimal } from "../money/decimal.ts";
import { ONE, quotient, ZERO } from "../money/decimal.ts";

/** `precision` is in places; negative rounds to tens, hundreds. */
export interface QuantityRounding {
  readonly mode: "round" | "ceil" | "floor";
  readonly precision: number;
}

/** `round` is half away from zero; `ceil` and `floor` go towards plus and minus infinity. */
export function roundQuantity(value: Decimal, rounding: QuantityRounding | null): Decimal {
  if (!rounding) return value;
  if (rounding.mode === "round") return quotient(value, ONE, rounding.precision);
  const outward = (rounding.mode === "ceil") === value.gt(ZERO);
  return quotient(value, ONE, rounding.precision, outward ? "up" : "down");
}
