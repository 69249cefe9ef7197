/**
 * Instants and their text form. An instant is what every rule computes with; text exists only at the edges. The parser
 * is written by hand because it stands in the path of every usage event: it allocates nothing and asks no `Date`.
 */
import { daysFromCivil, daysInMonth } from "./civil.ts";

/** Milliseconds since 1970-01-01T00:00:00Z, a whole number, in the years 0001 to 9999. */
export type Instant = number;

/** The time before which nothing is billed, and the time after which nothing is: the ends of a lifetime. */
export const BEGINNING: Instant = 0;
export const FAR_FUTURE: Instant = daysFromCivil(9999, 12, 31) * 86_400_000;

const FIRST_SECOND = daysFromCivil(1, 1, 1) * 86_400;
const LAST_SECOND = daysFromCivil(10_000, 1, 1) * 86_400 - 1;

/**
 * The instant that an RFC 3339 text names (`2024-03-01T00:00:00Z`, `2024-03-01t05:30:00.5+05:30`), or null: for a date that
 * does not exist, a leap second, a text without offset. Digits beyond the millisecond are cut off, so that an instant
 * never moves into a later period.
 */
export function parseInstant(text: string): Instant | null {
  return scan(text, 3);
}

/** `parseInstant` to the microsecond, as stored by PostgreSQL. Null also outside 1684 to 2255, where a double runs out of digits. */
export function parseMicros(text: string): number | null {
  const micros = scan(text, 6);
  return micros === null || !Number.isSafeInteger(micros) ? null : micros;
}

/** The shortest RFC 3339 text in UTC: `2024-03-01T00:00:00Z`, or with `.123` where there are milliseconds. Throws RangeError out of range. */
export function formatInstant(at: Instant): string {
  let text = printed.get(at);
  if (text === undefined) {
    text = print(at);
    if (printed.size >= 1_000) printed.clear();
    printed.set(at, text);
  }
  return text;
}

// A run prints the same few bounds of periods again and again: a tenth of its time without this.
const printed = new Map<Instant, string>();

function print(at: Instant): string {
  if (!(at >= FIRST_SECOND * 1_000 && at < (LAST_SECOND + 1) * 1_000)) throw new RangeError(`not an instant: ${at}`);
  const text = new Date(at).toISOString();
  return text.endsWith(".000Z") ? `${text.slice(0, 19)}Z` : text;
}

/** As `formatInstant`, for microseconds since the epoch: no fraction, three digits or six. */
export function formatMicros(us: number): string {
  const millis = Math.floor(us / 1_000);
  const micros = us - millis * 1_000;
  if (micros === 0) return formatInstant(millis);
  return `${new Date(millis).toISOString().slice(0, 23)}${String(micros).padStart(3, "0")}Z`;
}

const ZERO = 48;
const PLUS = 43;
const MINUS = 45;
const POINT = 46;
const COLON = 58;

// Units of 10^-digits seconds since the epoch. -1 from `pair` (no two digits) fails each range check below.
function scan(text: string, digits: number): number | null {
  if (text.charCodeAt(4) !== MINUS || text.charCodeAt(7) !== MINUS) return null;
  if (text.charCodeAt(13) !== COLON || text.charCodeAt(16) !== COLON || (text.charCodeAt(10) | 32) !== 116) return null;

  const century = pair(text, 0);
  const yearOfCentury = pair(text, 2);
  const month = pair(text, 5);
  const day = pair(text, 8);
  if (century < 0 || yearOfCentury < 0 || month < 1 || month > 12 || day < 1) return null;
  const year = century * 100 + yearOfCentury;
  if (year < 1 || day > daysInMonth(year, month)) return null;

  const hour = pair(text, 11);
  const minute = pair(text, 14);
  const second = pair(text, 17);
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return null;

  let at = 19;
  let fraction = 0;
  if (text.charCodeAt(at) === POINT) {
    const first = ++at;
    for (let digit = text.charCodeAt(at) - ZERO; digit >= 0 && digit <= 9; digit = text.charCodeAt(++at) - ZERO) {
      if (at - first < digits) fraction = fraction * 10 + digit;
    }
    if (at === first) return null;
    for (let have = at - first; have < digits; have++) fraction *= 10;
  }

  const offset = offsetSeconds(text, at);
  if (offset === null) return null;
  const seconds = daysFromCivil(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second - offset;
  if (seconds < FIRST_SECOND || seconds > LAST_SECOND) return null;
  return seconds * (digits === 3 ? 1_000 : 1_000_000) + fraction;
}

function offsetSeconds(text: string, at: number): number | null {
  const sign = text.charCodeAt(at);
  if ((sign | 32) === 122) return text.length === at + 1 ? 0 : null;
  if ((sign !== PLUS && sign !== MINUS) || text.length !== at + 6 || text.charCodeAt(at + 3) !== COLON) return null;
  const hours = pair(text, at + 1);
  const minutes = pair(text, at + 4);
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return null;
  return (sign === PLUS ? 1 : -1) * (hours * 3_600 + minutes * 60);
}

function pair(text: string, at: number): number {
  const tens = text.charCodeAt(at) - ZERO;
  const ones = text.charCodeAt(at + 1) - ZERO;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : -1;
}
