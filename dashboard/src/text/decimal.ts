/** Exact reckoning with decimal texts, for what the pages show as steps of an amount. No float comes near it. */

export type Decimal = string;

export function decimal(value: number | string | bigint): Decimal {
  const text = String(value);
  const found = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i.exec(text);
  if (!found) throw new RangeError(`not a decimal: ${text}`);
  const [, sign = "", whole = "", fraction = "", power = "0"] = found;
  return write(BigInt(sign + whole + fraction), fraction.length - Number(power));
}

export function minus(a: Decimal, b: Decimal): Decimal {
  const [x, y, places] = aligned(a, b);
  return write(x - y, places);
}

export function times(a: Decimal, b: Decimal): Decimal {
  const [x, xPlaces] = read(a);
  const [y, yPlaces] = read(b);
  return write(x * y, xPlaces + yPlaces);
}

/** a ÷ b, up to the next whole number. */
export function wholesOf(a: Decimal, b: Decimal): Decimal {
  const [x, y] = aligned(a, b);
  return String((x + y - 1n) / y);
}

export function isSame(a: Decimal, b: Decimal): boolean {
  const [x, y] = aligned(a, b);
  return x === y;
}

function aligned(a: Decimal, b: Decimal): [bigint, bigint, number] {
  const [x, xPlaces] = read(a);
  const [y, yPlaces] = read(b);
  const places = Math.max(xPlaces, yPlaces);
  return [x * 10n ** BigInt(places - xPlaces), y * 10n ** BigInt(places - yPlaces), places];
}

function read(text: Decimal): [bigint, number] {
  const [whole = "0", fraction = ""] = text.split(".");
  return [BigInt(whole + fraction), fraction.length];
}

function write(units: bigint, places: number): Decimal {
  if (places <= 0) return String(units * 10n ** BigInt(-places));
  const digits = String(units < 0n ? -units : units).padStart(places + 1, "0");
  const fraction = digits.slice(-places).replace(/0+$/, "");
  return `${units < 0n ? "-" : ""}${digits.slice(0, -places)}${fraction === "" ? "" : `.${fraction}`}`;
}
