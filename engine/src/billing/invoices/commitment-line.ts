/** The true-up to a plan's minimum commitment (domain §3): what recurring and usage lines of the period stay below it. */
import { trueUp } from "../catalog/commitment.ts";
import type { Plan } from "../catalog/plan.ts";
import { amount, roundMinor, toDecimal } from "../money/amount.ts";
import { ONE } from "../money/decimal.ts";
import { share } from "../time/proration.ts";
import type { BilledLine } from "./billed.ts";
import type { DraftLine } from "./invoice.ts";
import type { LineContext } from "./line.ts";

export function commitmentLine(
  plan: Plan,
  currency: string,
  about: LineContext,
  lines: readonly DraftLine[],
  billed: readonly BilledLine[],
): DraftLine | null {
  const minimum = plan.minimumCommitment[currency];
  if (minimum === undefined) return null;
  const start = about.service.start;
  if (billed.some((line) => line.kind === "commitment" && line.period.start === start)) return null;
  const before = billed.filter((line) => line.period.start === start).reduce((sum, line) => sum + line.amount, 0n);
  const now = lines.filter((line) => line.period.start === start).reduce((sum, line) => sum + line.amount, 0n);
  const exact = trueUp(minimum, amount(before + now), share(about.service, about.full, about.prorationUnit, about.timeZone));
  const missing = roundMinor(exact);
  if (missing === 0n) return null;
  return {
    kind: "commitment",
    planKey: plan.key,
    planVersion: plan.version,
    priceKey: null,
    meterKey: null,
    groupKey: null,
    description: "Minimum commitment: the rest of it",
    quantity: ONE,
    unitAmount: null,
    amount: missing,
    period: about.service,
    proration: false,
    round: 0,
    explain: { model: "commitment", minimum, billed: before + now, exact: toDecimal(exact) },
  };
}
