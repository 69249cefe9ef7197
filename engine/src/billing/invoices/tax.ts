/** The tax of a line: on what is left after discounts, exact, each tax rounded once (domain §7.2). */
import { type Amount, amount, roundMinor, scale } from "../money/amount.ts";
import { type Decimal, decimal, ZERO } from "../money/decimal.ts";
import type { LineTax } from "./invoice.ts";
import type { Tax } from "./tax-engine.ts";

const HUNDRED = decimal("100");

/** `percent` per cent of `base`, before any rounding. */
export function exactTax(base: Amount, percent: Decimal): Amount {
  return scale(base, percent, HUNDRED);
}

/** What the taxes are a percentage of: the net, less the taxes that it contains. */
export function taxableOf(net: Amount, taxes: readonly Pick<Tax, "percent" | "inclusive">[]): Amount {
  const contained = taxes.reduce((sum, tax) => (tax.inclusive ? sum.plus(tax.percent) : sum), ZERO);
  return contained.eq(ZERO) ? net : scale(net, HUNDRED, HUNDRED.plus(contained));
}

export function taxLine(netMinor: bigint, taxes: readonly Tax[]): LineTax[] {
  if (netMinor === 0n) return [];
  const taxable = taxableOf(amount(netMinor), taxes);
  return taxes.map((tax) => ({
    key: tax.key,
    name: tax.name,
    kind: tax.kind,
    percent: tax.percent.toFixed(),
    inclusive: tax.inclusive,
    taxable: roundMinor(taxable),
    amount: roundMinor(exactTax(taxable, tax.percent)),
  }));
}
