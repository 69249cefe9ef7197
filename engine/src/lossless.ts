/** Reading JSON without losing digits: a number that a double cannot hold arrives as its text. */

// A number token too long, or with an exponent too far, to survive a double. A match inside a string only costs the slow path.
const LONG_NUMBER = /\d[\d.]{15,}|\d[eE][+-]?\d{2,}/;

/** Throws SyntaxError where the text is no JSON. */
export function parseLossless(text: string): unknown {
  return LONG_NUMBER.test(text) ? JSON.parse(text, keepDigits as (key: string, value: unknown) => unknown) : JSON.parse(text);
}

function keepDigits(_key: string, value: unknown, context: { source?: string }): unknown {
  const { source } = context;
  if (typeof value !== "number" || source === undefined || source === String(value)) return value;
  if (/[eE]/.test(source)) {
    const size = Math.abs(value);
    return Number.isFinite(value) && size > 1e-12 && size < 1e15 ? value : source;
  }
  // 1.50 and 1.5 are the same number; only lost digits matter.
  return source.replace(/[^\d]/g, "").length <= 15 ? value : source;
}
