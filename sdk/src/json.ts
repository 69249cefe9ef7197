/** JSON without losing digits: a number that a double cannot hold arrives as its decimal text, in any runtime. */

const QUOTE = 34;
const BACKSLASH = 92;
const POINT = 46;

/** Throws SyntaxError where the text is no JSON. */
export function parseJson(text: string): unknown {
  return JSON.parse(quoteLongNumbers(text));
}

/** BigInts are written as numbers where a double holds them, else as decimal text, which the engine takes wherever a quantity is. */
export function printJson(value: unknown): string {
  return JSON.stringify(value, (_key, one: unknown) => {
    if (typeof one === "bigint") return Number.isSafeInteger(Number(one)) ? Number(one) : String(one);
    if (typeof one === "number" && !Number.isFinite(one)) throw new TypeError(`${one} is no number that JSON can write.`);
    return one;
  });
}

/**
 * The text with quotes around each number that would lose digits. Reviving with the source of a number would do the same, but
 * is not in Node 20 nor in every browser.
 */
function quoteLongNumbers(text: string): string {
  const { length } = text;
  let out = "";
  let copied = 0;
  for (let i = 0; i < length; i++) {
    let char = text.charCodeAt(i);
    if (char === QUOTE) {
      for (i++; i < length; i++) {
        char = text.charCodeAt(i);
        if (char === QUOTE) break;
        if (char === BACKSLASH) i++;
      }
    } else if (char === 45 || (char >= 48 && char <= 57)) {
      const first = i;
      do char = text.charCodeAt(++i);
      while ((char >= 48 && char <= 57) || char === POINT || char === 43 || char === 45 || (char | 32) === 101);
      if (i - first > 15 && losesDigits(text.slice(first, i))) {
        out += `${text.slice(copied, first)}"${text.slice(first, i)}"`;
        copied = i;
      }
      i--;
    }
  }
  return copied === 0 ? text : out + text.slice(copied);
}

function losesDigits(token: string): boolean {
  // 1.50 and 1.5 are the same number; 15 significant digits always survive a double.
  if (/[eE]/.test(token)) return false;
  const short = token.includes(".") ? token.replace(/\.?0+$/, "") : token;
  const digits = short.replace(/^-?0*\.?0*|[-.]/g, "");
  return digits.length > 15 && String(Number(short)) !== short;
}
