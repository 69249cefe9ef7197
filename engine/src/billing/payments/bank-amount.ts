/** Amounts as banks print them: `1,23,456.78`, `1.234,56`, `1 234.50 Cr`, `(12.00)`. One column is read in one way. */
import { minorDigits } from "../money/currency.ts";

export type Point = "." | ",";

/** A cell as a bank wrote it; the line is that of the file. */
export interface Cell {
  line: number;
  text: string;
}

export interface Unreadable {
  line: number;
  message: string;
}

const NUMBER = /^[\d.,'’\s]+$/u;

interface Bare {
  digits: string;
  negative: boolean;
}

/** Without sign, currency and what says credit or debit. null: it is no number. */
function bareOf(text: string): Bare | null {
  let rest = text.normalize("NFKC").trim();
  let negative = false;
  const sided = /^(.*?\d)\s*\(?(CR|DR|C|D)\.?\)?$/i.exec(rest);
  if (sided) {
    rest = sided[1]!;
    negative = /^d/i.test(sided[2]!);
  }
  const bracketed = /^\((.*)\)$/.exec(rest);
  if (bracketed) {
    rest = bracketed[1]!;
    negative = true;
  }
  // A currency's sign or code may stand on either side, and so may the sign.
  rest = rest.replace(/^(?:\p{Sc}|[A-Z]{3}\b|Rs\.?)\s*/u, "").replace(/\s*(?:\p{Sc}|[A-Z]{3})$/u, "");
  const signed = /^([+\-−])?(.*?)([+\-−])?$/u.exec(rest)!;
  if (signed[1] && signed[3]) return null;
  if (/[-−]/u.test(signed[1] ?? signed[3] ?? "")) negative = !negative;
  const digits = signed[2]!.replace(/^(?:\p{Sc}|[A-Z]{3}\b|Rs\.?)\s*/u, "").trim();
  return NUMBER.test(digits) && /\d/.test(digits) ? { digits, negative } : null;
}

/** Which character a text has for its decimals, where it shows. */
function pointIn(digits: string): Point | null {
  const [dots, commas] = [digits.split(".").length - 1, digits.split(",").length - 1];
  if (dots > 0 && commas > 0) return digits.lastIndexOf(".") > digits.lastIndexOf(",") ? "." : ",";
  const [sign, count]: [Point, number] = dots > 0 ? [".", dots] : [",", commas];
  if (count === 0) return null;
  // Twice the same parts thousands; once before anything but three digits parts decimals.
  if (count > 1) return sign === "." ? "," : ".";
  return /[.,]\d{3}$/.test(digits) ? null : sign;
}

/** Which character a column has for its decimals; null: nothing in it tells. Names a line that contradicts one before. */
export function pointOf(cells: readonly Cell[]): Point | null | Unreadable {
  let found: Point | null = null;
  for (const { line, text } of cells) {
    const bare = bareOf(text);
    const point = bare === null ? null : pointIn(bare.digits);
    if (point === null) continue;
    if (found !== null && found !== point)
      return { line, message: `${quoted(text)} has other decimals than the lines before; say mapping.decimal` };
    found = point;
  }
  return found;
}

/** Minor units of the currency. `point` null: nothing in the column tells, and three digits behind a sign are thousands where they can be nothing else. */
export function readAmount({ line, text }: Cell, currency: string, point: Point | null): bigint | Unreadable {
  const wrong = (message: string): Unreadable => ({ line, message: `${quoted(text)} ${message}` });
  const bare = bareOf(text);
  if (bare === null) return wrong("is not an amount");
  const places = minorDigits(currency);
  const compact = bare.digits.replace(/[\s'’]/gu, "");
  if (point === null && places === 3 && /[.,]\d{3}$/.test(compact)) return wrong("may have thousands or decimals; say mapping.decimal");
  const sign = point ?? (/^\d+,\d{3}$/.test(compact) ? "." : /^\d+\.\d{3}$/.test(compact) ? "," : ".");
  const [whole = "", fraction = "", ...more] = compact.split(sign);
  const group = sign === "." ? "," : ".";
  if (more.length > 0 || fraction.includes(group)) return wrong("is not an amount");
  // Groups of three, or of two before the last three, as in India.
  if (whole.includes(group) && !new RegExp(`^\\d{1,3}(\\${group}\\d{2,3})*\\${group}\\d{3}$`).test(whole))
    return wrong("has odd groups of digits");
  const extra = fraction.slice(places);
  if (/[1-9]/.test(extra)) return wrong(`has more than the ${places} decimals of ${currency}`);
  const minor = BigInt(`${whole.replaceAll(group, "") || "0"}${fraction.slice(0, places).padEnd(places, "0")}`);
  if (minor > BigInt(Number.MAX_SAFE_INTEGER)) return wrong("is too large");
  return bare.negative ? -minor : minor;
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 40));
}
