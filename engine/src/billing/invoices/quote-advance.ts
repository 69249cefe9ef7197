/** The line of a usage price that is billed as it comes: the sum of the rounded fees of its events. */
import { trueUp } from "../catalog/commitment.ts";
import { eventFee, NO_ADVANCE } from "../catalog/in-advance.ts";
import type { Price } from "../catalog/price.ts";
import { amount, roundMinor } from "../money/amount.ts";
import { ZERO } from "../money/decimal.ts";
import { formatMicros } from "../time/instant.ts";
import { prorated, share } from "../time/proration.ts";
import type { DraftLine } from "./invoice.ts";
import { type LineContext, usageLine } from "./line.ts";
import type { Consumption } from "./quote-consumption.ts";

const NOTHING_BILLED = { amount: 0n, rounds: 0 };

export function advanceLine(price: Price, about: LineContext, used: Consumption): DraftLine {
  const part = share(about.service, about.full, about.prorationUnit, about.timeZone);
  const capped = price.maximumAmount === undefined ? price : { ...price, maximumAmount: roundMinor(prorated(price.maximumAmount, part)) };
  let soFar = NO_ADVANCE;
  const fees = used.steps().map(({ atUs, quantity, value }) => {
    const { fee, next } = eventFee(capped, soFar, quantity, value);
    soFar = next;
    return { ...(atUs === null ? {} : { at: formatMicros(atUs) }), quantity, amount: fee };
  });
  const missing = price.minimumAmount === undefined ? 0n : roundMinor(trueUp(price.minimumAmount, amount(soFar.billed), part));
  // The explanation of the high that was billed; the line shows the value that is left.
  const metered = { ...used, quantity: soFar.quantity, events: soFar.values, eventCount: fees.length };
  const line = usageLine(price, about, metered, NOTHING_BILLED, false);
  const { tiers, ...explain } = line.explain;
  return {
    ...line,
    quantity: used.quantity,
    amount: soFar.billed + missing,
    explain: {
      ...explain,
      ...(fees.length === 0 ? { billable: ZERO } : tiers === undefined ? {} : { tiers }),
      ...(fees.length === 0 && missing === 0n ? { exact: ZERO } : {}),
      fees,
      ...(missing === 0n ? {} : { true_up: missing }),
    },
  };
}
