/** The true-up to a plan's minimum commitment (domain §3): what recurring and usage lines of the period stay below it. */
import { trueUp } from "../catalog/commitment.ts";
import type { Plan } from "../catalog/plan.ts";
import { amount, minus, NOTHING, plus, roundMinor, toDecimal } from "../money/amount.ts";
import { ONE } from "../money/decimal.ts";
import type { Instant } from "../time/instant.ts";
import { prorated, share } from "../time/proration.ts";
import type { BilledLine } from "./billed.ts";
import type { DraftLine } from "./invoice.ts";
import type { LineContext } from "./line.ts";

/** `parts` of the period that closes, each with its plan: the minimum is the sum of their shares. `periodEnd` is its end before it was cut. */
export function commitmentLine(
  parts: readonly { plan: Plan; about: LineContext }[],
  periodEnd: Instant,
  currency: string,
  lines: readonly DraftLine[],
  billed: readonly BilledLine[],
): DraftLine | null {
  const committed = parts.filter(({ plan }) => plan.minimumCommitment[currency] !== undefined);
  const last = committed.at(-1);
  if (!last) return null;
  const service = { start: parts[0]!.about.service.start, end: parts.at(-1)!.about.service.end };
  const earlier = billed.filter((line) => line.kind === "commitment" && line.period.start === service.start);
  if (earlier.some((line) => line.stands)) return null;
  // What a cycle sold and gave back that ended as it began counts for none: neither ends with this period or a part of it.
  const ends = new Set([periodEnd, ...parts.map(({ about }) => about.service.end)]);
  const counts = ({ kind, period }: Pick<DraftLine, "kind" | "period">) => {
    if (period.start < service.start) return false;
    if (kind === "credit") return period.end === periodEnd;
    return period.start < service.end && (kind === "usage" || ends.has(period.end));
  };
  const within = (list: readonly Pick<DraftLine, "kind" | "period" | "amount">[]) =>
    list.filter(counts).reduce((sum, line) => sum + line.amount, 0n);
  const before = within(billed);
  const now = within(lines);
  const minimum = committed.map(minimumOf(currency)).reduce(plus, NOTHING);
  const missing = roundMinor(trueUp(minimum, amount(before + now)));
  if (missing === 0n) return null;
  return {
    kind: "commitment",
    planKey: last.plan.key,
    planVersion: last.plan.version,
    priceKey: null,
    meterKey: null,
    groupKey: null,
    description: "Minimum commitment: the rest of it",
    quantity: ONE,
    unitAmount: null,
    amount: missing,
    period: service,
    proration: false,
    round: earlier.reduce((rounds, line) => (line.rounds > rounds ? line.rounds : rounds), 0),
    explain: {
      model: "commitment",
      minimum: committed.length === 1 ? last.plan.minimumCommitment[currency] : toDecimal(minimum),
      billed: before + now,
      exact: toDecimal(minus(minimum, amount(before + now))),
    },
  };
}

function minimumOf(currency: string) {
  return ({ plan, about }: { plan: Plan; about: LineContext }) =>
    prorated(plan.minimumCommitment[currency]!, share(about.service, about.full, about.prorationUnit, about.timeZone));
}
