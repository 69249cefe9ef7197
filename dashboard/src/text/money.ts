/** Amounts as people read them, to the last minor unit. Whole minor units are bigints here; a unit price is an exact decimal in minor units. */

const NO_DIGITS = new Set("bif clp djf gnf isk jpy kmf krw pyg rwf ugx uyi vnd vuv xaf xof xpf".split(" "));
const THREE_DIGITS = new Set("bhd iqd jod kwd lyd omr tnd".split(" "));
const FOUR_DIGITS = new Set("clf uyw".split(" "));

/** ISO 4217's digits; those that `Intl` knows are how shops print, not how accounts are kept. */
export function minorDigits(currency: string): number {
  if (NO_DIGITS.has(currency)) return 0;
  if (THREE_DIGITS.has(currency)) return 3;
  return FOUR_DIGITS.has(currency) ? 4 : 2;
}

/** `$1,234.50`, `¥500`, `-€3.00`. Minor units come as the API says them: a whole number, in whatever form holds it. */
export function moneyText(minor: bigint | number | string, currency: string): string {
  const digits = minorDigits(currency);
  return formatOf(currency, digits, digits).format(shifted(String(minor), digits) as Intl.StringNumericLiteral);
}

/** For axes: `$2.6K`. Drawn, not reckoned with. */
export function shortMoneyText(minor: number, currency: string): string {
  return new Intl.NumberFormat("en-US", {
    style: "currency",
    currency: currency.toUpperCase(),
    notation: "compact",
    maximumFractionDigits: 1,
  }).format(minor / 10 ** minorDigits(currency));
}

/** A price of one unit, with all the digits it has: `"0.0003"` of a cent is `$0.000003`. */
export function unitPriceText(minor: bigint | number | string, currency: string): string {
  const digits = minorDigits(currency);
  const text = shifted(plain(String(minor)), digits);
  const has = text.includes(".") ? text.length - text.indexOf(".") - 1 : 0;
  return formatOf(currency, Math.min(digits, 20), Math.min(Math.max(digits, has), 20)).format(text as Intl.StringNumericLiteral);
}

const formats = new Map<string, Intl.NumberFormat>();

function formatOf(currency: string, least: number, most: number): Intl.NumberFormat {
  const key = `${currency} ${least} ${most}`;
  let format = formats.get(key);
  if (!format) {
    format = new Intl.NumberFormat("en-US", {
      style: "currency",
      currency: currency.toUpperCase(),
      minimumFractionDigits: least,
      maximumFractionDigits: most,
    });
    formats.set(key, format);
  }
  return format;
}

/** The decimal point moved to the left: of texts alone, so that nothing is ever rounded. */
export function shifted(text: string, places: number): string {
  const [, sign = "", whole = "0", fraction = ""] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text) ?? [];
  if (places === 0) return `${sign}${whole}${fraction === "" ? "" : `.${fraction}`}`;
  const padded = whole.padStart(places + 1, "0");
  const point = padded.length - places;
  return `${sign}${padded.slice(0, point)}.${padded.slice(point)}${fraction}`;
}

/** A JSON number may have been printed with an exponent, which 1e-7 is. */
function plain(text: string): string {
  const found = /^(-?)(\d+)(?:\.(\d+))?e([+-]\d+)$/i.exec(text);
  if (!found) return text;
  const [, sign = "", whole = "", fraction = "", power = "0"] = found;
  const places = Number(power);
  if (places < 0) return shifted(`${sign}${whole}`, -places) + fraction;
  return `${sign}${whole}${fraction.padEnd(places, "0")}`;
}
