/** Quantities: JSON numbers where a double holds them, decimal texts where none does. They are compared and drawn as numbers, and written exactly. */

export type Quantity = number | string;

const EXACT = new Intl.NumberFormat("en-US", { maximumFractionDigits: 12 });
const SHORT = new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 });

/** With all its digits: `12,345.678`. */
export function quantityText(quantity: Quantity): string {
  return EXACT.format(quantity as Intl.StringNumericLiteral);
}

/** For axes and small places: `12.3K`. */
export function shortText(quantity: Quantity): string {
  return SHORT.format(Number(quantity));
}

/** `1 token`, `2 tokens`; units come from the catalog in the singular, and symbols (GB, %) stay as they are. */
export function withUnit(
  quantity: Quantity,
  unit: string | null | undefined,
  write: (quantity: Quantity) => string = quantityText,
): string {
  const text = write(quantity);
  if (!unit) return text;
  return `${text} ${Number(quantity) === 1 || !/^[a-z].*[a-z]$/.test(unit) || unit.endsWith("s") ? unit : plural(unit)}`;
}

function plural(unit: string): string {
  return /[^aeiou]y$/.test(unit) ? `${unit.slice(0, -1)}ies` : `${unit}s`;
}

/** How full, from 0 to 1 and beyond; null without a limit. For drawing only. */
export function shareOf(used: Quantity | null, limit: Quantity | null): number | null {
  if (limit === null) return null;
  const whole = Number(limit);
  if (whole === 0) return Number(used ?? 0) > 0 ? 1 : 0;
  return Number(used ?? 0) / whole;
}

/** A key as a name: `input_tokens` is `Input tokens`. */
export function nameOfKey(key: string): string {
  const words = key.replaceAll(/[_-]+/g, " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
