/**
 * JSON in and out of requests. In: what cannot be stored is refused by name, and a number of more than 15 digits arrives as
 * its text, which every quantity accepts and every integer refuses. Out: bigints and decimals with all their digits.
 */
import { rawNumber } from "../billing/money/decimal.ts";
import { type Fault, invalid, invalidField } from "../errors.ts";
import { parseSurveyed, survey } from "../lossless.ts";

// What PostgreSQL cannot store in a text, and what an object must not be asked to hold.
const UNSAFE = /\\u0000|\\u[dD][89a-fA-F]|"__proto__"/;
const MAX_DEPTH = 24;
const MAX_FAULTS = 100;

/** An object of JSON, and no list. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function parseJson(text: string): unknown {
  let value: unknown;
  const surveyed = survey(text);
  try {
    value = parseSurveyed(text, surveyed);
  } catch (error) {
    throw invalidField("", `is not valid JSON: ${(error as Error).message.slice(0, 200)}`);
  }
  const faults: Fault[] = [];
  // Nesting is bounded before anything else walks the value: the database has a stack too. Most texts hold none of what UNSAFE looks for.
  const suspect = text.includes("\\u") || text.includes("__proto__");
  if (surveyed.depth > MAX_DEPTH || (suspect && UNSAFE.test(text))) inspect(value, "", 0, faults);
  if (faults.length > 0) throw invalid(faults);
  return value;
}

function inspect(value: unknown, path: string, depth: number, faults: Fault[]): void {
  if (faults.length >= MAX_FAULTS) return;
  if (depth > MAX_DEPTH) {
    faults.push({ path, message: `is nested deeper than ${MAX_DEPTH} levels` });
  } else if (typeof value === "string") {
    if (value.includes("\0")) faults.push({ path, message: "holds a NUL character" });
    else if (!value.isWellFormed()) faults.push({ path, message: "holds half of a surrogate pair" });
  } else if (Array.isArray(value)) {
    value.forEach((item, index) => {
      inspect(item, `${path}[${index}]`, depth + 1, faults);
    });
  } else if (value !== null && typeof value === "object") {
    for (const [key, item] of Object.entries(value)) {
      const inner = path === "" ? key : `${path}.${key}`;
      if (key === "__proto__") faults.push({ path: inner, message: "is not a field name that can be used" });
      else if (key.includes("\0") || !key.isWellFormed())
        faults.push({ path, message: "has a field name with characters that cannot be stored" });
      inspect(item, inner, depth + 1, faults);
    }
  }
}

/** JSON text of an answer, an event or a stored document: bigints and decimals as numbers with all their digits. */
export function toJson(value: unknown): string {
  try {
    return JSON.stringify(value) ?? "null";
  } catch {
    // A bigint somewhere. Rarer, and a function for each value makes it three times as slow.
    return printBigints(value);
  }
}

function printBigints(value: unknown): string {
  return JSON.stringify(value, (_key, item) => (typeof item === "bigint" ? rawNumber(item.toString()) : item)) ?? "null";
}
