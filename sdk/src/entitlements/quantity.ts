/** Exact sums of quantities, which are JSON numbers or decimal texts. */

const PLACES = 20;
const FORM = /^(-?)(\d+)(?:\.(\d{0,20}))?$/;

export type Quantity = number | string;

/** In units of 10^-20. Throws TypeError on what is no quantity. */
export function units(quantity: Quantity): bigint {
  const text = typeof quantity === "number" ? plain(quantity) : quantity;
  const found = FORM.exec(text);
  if (!found) throw new TypeError(`${quantity} is no quantity: a number, or a decimal text with at most ${PLACES} places.`);
  const [, sign, whole = "", places = ""] = found;
  const size = BigInt(whole + places.padEnd(PLACES, "0"));
  return sign === "-" ? -size : size;
}

/** Up to the next whole number, for headers that take no other. */
export function wholeUnits(quantity: Quantity): number {
  const size = units(quantity);
  return size <= 0n ? 0 : Number(size / 10n ** BigInt(PLACES));
}

/** Without an exponent. */
function plain(value: number): string {
  const text = String(value);
  if (!text.includes("e")) return text;
  return value >= 1 ? BigInt(value).toString() : value.toFixed(PLACES);
}
