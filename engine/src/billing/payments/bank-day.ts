/** Days as banks print them: `2026-01-31`, `31/01/2026`, `31.01.26`, `31-Jan-2026`. One column is read in one order. */
import { daysInMonth } from "../time/civil.ts";
import type { Cell, Unreadable } from "./bank-amount.ts";

export type DayOrder = "dmy" | "mdy";

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const PARTS = /^(\d{1,2})[/.\-\s](\d{1,2}|[A-Za-z]{3,9})[/.\-\s,]+(\d{4}|\d{2})\b/;
const ISO = /^(\d{4})[-/.](\d{2})[-/.](\d{2})(?!\d)/;

/** The order of a column: what a number above 12 tells, else day first. Names a line that contradicts one before. */
export function orderOf(cells: readonly Cell[]): DayOrder | Unreadable {
  let found: DayOrder | null = null;
  for (const { line, text } of cells) {
    const [, first, second] = PARTS.exec(text.trim()) ?? [];
    if (first === undefined || second === undefined || !/^\d+$/.test(second)) continue;
    const order = Number(first) > 12 ? "dmy" : Number(second) > 12 ? "mdy" : null;
    if (order === null) continue;
    if (found !== null && found !== order)
      return { line, message: `${JSON.stringify(text.slice(0, 40))} has day and month the other way round than the lines before` };
    found = order;
  }
  return found ?? "dmy";
}

/** `2026-01-31`. */
export function readDay({ line, text }: Cell, order: DayOrder): string | Unreadable {
  const iso = ISO.exec(text.trim());
  const parts = iso === null ? PARTS.exec(text.trim()) : null;
  const [year, month, day] = iso ? iso.slice(1).map(Number) : parts ? fromParts(parts, order) : [0, 0, 0];
  if (!year || !month || !day || month > 12 || day > daysInMonth(year, month))
    return { line, message: `${JSON.stringify(text.slice(0, 40))} is not a day` };
  return [String(year).padStart(4, "0"), String(month).padStart(2, "0"), String(day).padStart(2, "0")].join("-");
}

function fromParts([, first, second, last]: RegExpExecArray, order: DayOrder): [number, number, number] {
  const year = last!.length === 2 ? 2000 + Number(last) : Number(last);
  if (!/^\d+$/.test(second!)) return [year, MONTHS.indexOf(second!.slice(0, 3).toLowerCase()) + 1, Number(first)];
  return order === "dmy" ? [year, Number(second), Number(first)] : [year, Number(first), Number(second)];
}
