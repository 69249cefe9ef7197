/** Reading JSON without losing digits: a number that a double cannot hold arrives as its text. */

/** Throws SyntaxError where the text is no JSON. */
export function parseLossless(text: string): unknown {
  return parseSurveyed(text, survey(text));
}

export interface Survey {
  /** There is a number that may not survive a double. */
  readonly long: boolean;
  /** How many brackets are open at most. */
  readonly depth: number;
}

export function parseSurveyed(text: string, { long }: Survey): unknown {
  return long ? JSON.parse(text, keepDigits as (key: string, value: unknown) => unknown) : JSON.parse(text);
}

const QUOTE = 34;
const BACKSLASH = 92;
const POINT = 46;
// [ and {, ] and } differ in the bit that letters' cases do.
const OPEN = 123;
const CLOSE = 125;

/**
 * What must be known of a text before it is parsed, in one walk. A number token of more than 15 characters, or with an exponent,
 * may need its text kept, and reading with a reviver takes five times as long; a regular expression would take as long as the
 * parsing itself, and find "3e12" in every other UUID.
 */
export function survey(text: string): Survey {
  const { length } = text;
  let long = false;
  let open = 0;
  let depth = 0;
  for (let i = 0; i < length; i++) {
    let char = text.charCodeAt(i);
    if (char === QUOTE) {
      for (i++; i < length; i++) {
        char = text.charCodeAt(i);
        if (char === QUOTE) break;
        if (char === BACKSLASH) i++;
      }
    } else if (char >= 48 && char <= 57) {
      const first = i;
      do char = text.charCodeAt(++i);
      while ((char >= 48 && char <= 57) || char === POINT);
      // 101 and 69: an exponent.
      if (i - first > 15 || (char | 32) === 101) long = true;
      i--;
    } else if ((char | 32) === OPEN) {
      open += 1;
      if (open > depth) depth = open;
    } else if ((char | 32) === CLOSE) open -= 1;
  }
  return { long, depth };
}

function keepDigits(_key: string, value: unknown, context: { source?: string }): unknown {
  const { source } = context;
  if (typeof value !== "number" || source === undefined || source === String(value)) return value;
  if (/[eE]/.test(source)) {
    const size = Math.abs(value);
    return Number.isFinite(value) && size > 1e-12 && size < 1e15 ? value : plain(source);
  }
  // 1.50 and 1.5 are the same number; only lost digits matter.
  return source.replace(/[^\d]/g, "").length <= 15 ? value : source;
}

/** `1.5e25` as all its digits; what has more of them than any quantity stays as it is. */
function plain(source: string): string {
  const [, sign, whole, part = "", power] = /^(-?)(\d+)(?:\.(\d+))?[eE]([+-]?\d+)$/.exec(source)!;
  const shift = Number(power);
  if (Math.abs(shift) > 60) return source;
  const digits = `${"0".repeat(Math.max(0, -shift))}${whole}${part}${"0".repeat(Math.max(0, shift - part.length))}`;
  const point = digits.length - Math.max(0, part.length - shift);
  const before = digits.slice(0, point).replace(/^0+(?=\d)/, "");
  const after = digits.slice(point).replace(/0+$/, "");
  return `${sign}${before}${after === "" ? "" : `.${after}`}`;
}
