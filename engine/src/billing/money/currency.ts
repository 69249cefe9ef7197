/**
 * Currencies and their minor digits: ISO 4217, list one, as of 2026-01-01 (amendment 180: the lev is gone, Caribbean
 * guilder and Zimbabwe Gold are in). Kept here because `Intl` answers how shops print a currency (HUF 0, IDR 0), not how
 * many digits its accounts have. Metals, testing codes and units without minor digits (XAU, XTS, XDR) cannot be billed.
 */

const NO_DIGITS = "bif clp djf gnf isk jpy kmf krw pyg rwf ugx uyi vnd vuv xaf xof xpf";
const TWO_DIGITS = `
  aed afn all amd aoa ars aud awg azn bam bbd bdt bmd bnd bob bov brl bsd btn bwp byn bzd cad cdf che chf chw cny cop cou crc
  cup cve czk dkk dop dzd egp ern etb eur fjd fkp gbp gel ghs gip gmd gtq gyd hkd hnl htg huf idr ils inr irr jmd kes kgs khr
  kpw kyd kzt lak lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop mru mur mvr mwk mxn mxv myr mzn nad ngn nio nok npr nzd pab pen
  pgk php pkr pln qar ron rsd rub sar sbd scr sdg sek sgd shp sle sos srd ssp stn svc syp szl thb tjs tmt top try ttd twd tzs
  uah usd usn uyu uzs ved ves wst xad xcd xcg yer zar zmw zwg`;
const THREE_DIGITS = "bhd iqd jod kwd lyd omr tnd";
const FOUR_DIGITS = "clf uyw";

const DIGITS: ReadonlyMap<string, number> = new Map([
  ...codes(NO_DIGITS, 0),
  ...codes(TWO_DIGITS, 2),
  ...codes(THREE_DIGITS, 3),
  ...codes(FOUR_DIGITS, 4),
]);

/** Whether `code` is an active currency. Codes are lower case throughout the engine: `usd`, not `USD`. */
export function isCurrency(code: string): boolean {
  return DIGITS.has(code);
}

/** Digits after the point of an amount in this currency: jpy 0, usd 2, kwd 3, clf 4. Throws RangeError for an unknown code. */
export function minorDigits(code: string): number {
  const digits = DIGITS.get(code);
  if (digits === undefined) throw new RangeError(`not an ISO 4217 currency in lower case: ${code.slice(0, 20)}`);
  return digits;
}

/** An amount for people: `USD 222,817.87`, `JPY 500`, `KWD 1.500`, `-USD 5.00`. Throws RangeError for an unknown currency. */
export function formatMinor(amountMinor: bigint, currency: string): string {
  const digits = minorDigits(currency);
  const text = String(amountMinor < 0n ? -amountMinor : amountMinor).padStart(digits + 1, "0");
  const point = text.length - digits;
  const whole = text.slice(0, point).replace(/\B(?=(\d{3})+$)/g, ",");
  return `${amountMinor < 0n ? "-" : ""}${currency.toUpperCase()} ${whole}${digits === 0 ? "" : `.${text.slice(point)}`}`;
}

function codes(list: string, digits: number): [string, number][] {
  return list
    .trim()
    .split(/\s+/)
    .map((code) => [code, digits]);
}
