/** What a grant keeps where a period ends and the next begins. Pure. */
import { type Decimal, ZERO } from "../money/decimal.ts";

export interface Rollover {
  /** At least so much is there afterwards, topped up if need be; 0 if not said. */
  min?: Decimal;
  /** At most so much is kept; null: all of it. */
  max: Decimal | null;
}

/** min(max, max(min, balance)): of what is left, what goes on. */
export function rolledOver(balance: Decimal, { min = ZERO, max }: Rollover): Decimal {
  const atLeast = balance.lt(min) ? min : balance;
  return max !== null && atLeast.gt(max) ? max : atLeast;
}
