/** What made the amount of an invoice line, step by step, in words: from the explanation that rating left on it. */
import { type Decimal, decimal, quotient } from "../money/decimal.ts";
import { grouped, inMajor } from "../money/written.ts";

/** A number as an answer has it: before it is written, or read again. */
type Exact = number | string | bigint | Decimal;

/** A line as the API answers it. */
export interface LineAnswer {
  kind: string;
  plan: string | null;
  description: string;
  quantity: Exact;
  unit_amount: string | null;
  amount: Exact;
  period_start: string;
  period_end: string;
  tiers: TierAnswer[];
  explain: {
    model?: string;
    billable?: Exact;
    exact?: Exact;
    rate?: Exact;
    package_size?: Exact;
    share?: string;
    bound?: string;
  };
}

interface TierAnswer {
  up_to: Exact | null;
  quantity: Exact;
  unit_amount?: string;
  rate?: string;
  flat_amount: string;
  amount: string;
}

/** One step: what, how much of it at what, and what that comes to in minor units, exact. */
export interface Step {
  what: string;
  quantity?: string;
  price?: string;
  amount?: Decimal;
}

export function stepsOf(line: LineAnswer, currency: string): Step[] {
  const steps = line.tiers.length > 0 ? tierSteps(line, currency) : plainSteps(line, currency);
  if (line.explain.share !== undefined) steps.push({ what: shareWords(line.explain.share) });
  if (line.explain.bound != null) steps.push({ what: `held to the line's ${line.explain.bound}` });
  return steps;
}

/** Says so where the amount was rounded: exactly 72.246912, rounded once. */
export function roundingOf(line: LineAnswer, currency: string): string | null {
  const exact = decimal(line.explain.exact ?? line.amount);
  return exact.eq(decimal(line.amount)) ? null : `exactly ${inMajor(exact, currency)}, rounded once`;
}

function tierSteps(line: LineAnswer, currency: string): Step[] {
  let floor = decimal("0");
  return line.tiers.map((tier) => {
    const to = tier.up_to === null ? null : decimal(tier.up_to);
    const what = line.explain.model === "volume" ? "all of them, in" : floor.eq(decimal("0")) ? "the first" : to ? "the next" : "all above";
    const size = to ? grouped(line.explain.model === "volume" ? to : to.minus(floor)) : grouped(floor);
    floor = to ?? floor;
    const price = tier.rate === undefined ? inMajor(tier.unit_amount ?? "0", currency) : `${tier.rate} %`;
    return {
      what: line.explain.model === "volume" ? `${what} the tier ${to ? `up to ${size}` : "without end"}` : `${what} ${size}`,
      quantity: grouped(tier.quantity),
      price,
      amount: decimal(tier.amount),
    };
  });
}

function plainSteps(line: LineAnswer, currency: string): Step[] {
  const { model, rate, package_size: size } = line.explain;
  const quantity = decimal(line.quantity);
  const billable = decimal(line.explain.billable ?? line.quantity);
  const unit = decimal(line.unit_amount ?? "0");
  if (model === "percentage" && rate !== undefined) return percentageSteps(line, billable, decimal(rate), currency);
  if (model === "package" && size !== undefined) {
    const packs = quotient(billable, decimal(size), 0, "up");
    return [
      {
        what: `packs of ${grouped(size)}, begun ones too`,
        quantity: grouped(packs),
        price: inMajor(unit, currency),
        amount: packs.times(unit),
      },
    ];
  }
  if (model !== "per_unit" || line.explain.share !== undefined) return [];
  if (billable.eq(quantity)) return [];
  return [
    { what: "included", quantity: grouped(quantity.minus(billable)), price: inMajor("0", currency), amount: decimal("0") },
    { what: "above that", quantity: grouped(billable), price: inMajor(unit, currency), amount: billable.times(unit) },
  ];
}

function percentageSteps(line: LineAnswer, billable: Decimal, rate: Decimal, currency: string): Step[] {
  const share = billable.times(rate).times(decimal("0.01"));
  const fees = decimal(line.explain.exact ?? line.amount).minus(share);
  return [
    {
      what: "of the sales that are not free",
      quantity: inMajor(billable, currency),
      price: `${rate.toFixed()} %`,
      amount: share,
    },
    { what: "the fee of each of them", amount: fees },
  ];
}

// "1607400/2592000" of a period.
function shareWords(share: string): string {
  const [num = "0", den = "1"] = share.split("/");
  return `for ${grouped(num)} of the period's ${grouped(den)} seconds`;
}
