/**
 * Amounts as Stripe takes them, which are not always minor units of ISO 4217 (docs.stripe.com/currencies, "Special cases"). Pure.
 *
 *   zero    whole units: besides those that have no minor unit anyway, the ariary, whose accounts have two digits
 *   padded  no minor unit, and two digits on the wire that must be 00: króna, Ugandan shilling
 *   tens    three digits, of which the last must be 0: dinars and the Omani rial
 *   else    minor units as they are
 */
import { minorDigits } from "../../billing/money/currency.ts";
import { type Decimal, decimal, quotient } from "../../billing/money/decimal.ts";

const WHOLE = new Set(["mga"]);
const PADDED = new Set(["isk", "ugx"]);
const TENS = new Set(["bhd", "jod", "kwd", "omr", "tnd"]);
/** Eight digits on the wire, whatever the currency; more is refused there, and would not be exact as a number long after. */
const MOST = 99_999_999_999n;

export class AmountNotTaken extends Error {
  override readonly name = "AmountNotTaken";
}

/** Minor units by how many there are in the least amount that Stripe can take of a currency. */
function step(currency: string): bigint {
  if (WHOLE.has(currency)) return 100n;
  return TENS.has(currency) ? 10n : 1n;
}

/**
 * What is charged: the amount, or the next above it that Stripe can take. What is too much by then (at most 9 fils, 99 hundredths of an
 * ariary) is the tenant's balance, as all money beyond what was due.
 */
export function toCharge(amountMinor: bigint, currency: string): number {
  const unit = step(currency);
  return onTheWire(((amountMinor + unit - 1n) / unit) * unit, currency);
}

/** What is given back: exactly that, or it is refused, for neither more nor less would be the refund that stands in the books. */
export function toRefund(amountMinor: bigint, currency: string): number {
  if (amountMinor % step(currency) !== 0n)
    throw new AmountNotTaken(`Stripe gives ${currency.toUpperCase()} back in steps of ${step(currency)} minor units only.`);
  return onTheWire(amountMinor, currency);
}

function onTheWire(amountMinor: bigint, currency: string): number {
  // Throws where the currency is none.
  minorDigits(currency);
  const wire = PADDED.has(currency) ? amountMinor * 100n : WHOLE.has(currency) ? amountMinor / 100n : amountMinor;
  if (wire < 0n || wire > MOST) throw new AmountNotTaken(`Stripe takes no amount of ${wire} in ${currency.toUpperCase()}.`);
  return Number(wire);
}

/** What Stripe says was taken, in minor units. Throws where it is no whole number of them. */
export function fromStripe(amount: number, currency: string): bigint {
  if (!Number.isSafeInteger(amount) || amount < 0) throw new AmountNotTaken(`Stripe names ${amount} ${currency}, which is no amount.`);
  const wire = BigInt(amount);
  if (WHOLE.has(currency)) return wire * 100n;
  if (!PADDED.has(currency)) return wire;
  if (wire % 100n !== 0n) throw new AmountNotTaken(`Stripe names ${amount} ${currency}, of which there are no hundredths.`);
  return wire / 100n;
}

/** What a price asks once: exactly that, or it is refused. */
export function toPrice(amountMinor: bigint, currency: string): number {
  if (amountMinor % step(currency) !== 0n)
    throw new AmountNotTaken(`Stripe has prices in ${currency.toUpperCase()} in steps of ${step(currency)} minor units only`);
  return onTheWire(amountMinor, currency);
}

const HUNDRED = decimal(100);
const HUNDREDTH = decimal("0.01");
/** More digits than Stripe's prices have, and two. */
const UNIT_DIGITS = 14;

/** A price of one unit, which may be a fraction of a minor unit, as Stripe writes it. */
export function unitToStripe(minor: Decimal, currency: string): Decimal {
  if (WHOLE.has(currency)) return minor.times(HUNDREDTH);
  return PADDED.has(currency) ? minor.times(HUNDRED) : minor;
}

/** A price of one unit, which may be a fraction of a minor unit, as exact digits. */
export function unitFromStripe(digits: string, currency: string): string {
  const wire = decimal(digits);
  if (WHOLE.has(currency)) return wire.times(HUNDRED).toFixed();
  return (PADDED.has(currency) ? quotient(wire, HUNDRED, UNIT_DIGITS) : wire).toFixed();
}
