/** Filters: which events a meter, a limit or a price reads, by the values of their properties. */

import { decimal } from "../money/decimal.ts";

/** By property the values that pass, as text; every property named must pass. */
export type Filters = Readonly<Record<string, readonly string[]>>;
export type Properties = Readonly<Record<string, unknown>>;

/**
 * A property as filters, groups and unique counts compare it: text as it is, booleans by their name, numbers by their digits
 * without an exponent (as the database prints them), anything else is none.
 */
export function propertyText(properties: Properties, name: string): string | null {
  const value = Object.hasOwn(properties, name) ? properties[name] : undefined;
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return String(value);
  if (typeof value === "number" && Number.isFinite(value)) {
    const text = String(value);
    return text.includes("e") ? decimal(value).toFixed() : text;
  }
  return null;
}

/** Whether the properties of an event pass. No filters: all pass. */
export function matches(filters: Filters | null | undefined, properties: Properties): boolean {
  for (const [name, values] of Object.entries(filters ?? {})) {
    const text = propertyText(properties, name);
    if (text === null || !values.includes(text)) return false;
  }
  return true;
}

/** How many properties a filter names: of those that match an event, the one with the most wins. */
export function specificity(filters: Filters | null | undefined): number {
  return filters ? Object.keys(filters).length : 0;
}

/**
 * Of the candidates (the prices of one meter) the one that bills an event: the most specific that matches, the first of
 * equals; a candidate without filters takes what no other does. Undefined: none matches.
 */
export function mostSpecific<T extends { readonly filters?: Filters | null }>(
  candidates: readonly T[],
  properties: Properties,
): T | undefined {
  let best: T | undefined;
  for (const candidate of candidates) {
    if (best && specificity(candidate.filters) <= specificity(best.filters)) continue;
    if (matches(candidate.filters, properties)) best = candidate;
  }
  return best;
}

/**
 * What other candidates take from one: the filters that outrank its own, being more specific, or as specific and before it.
 * Candidates with the very same filters share their events, so that two prices may bill the same usage on purpose.
 */
export function outranking<T extends { readonly filters?: Filters | null }>(candidates: readonly T[], mine: T): Filters[] {
  const own = JSON.stringify(mine.filters ?? {});
  const place = candidates.indexOf(mine);
  return candidates.flatMap((other, index) => {
    const filters = other.filters ?? {};
    const ahead = specificity(filters) - specificity(mine.filters);
    return (ahead > 0 || (ahead === 0 && index < place)) && JSON.stringify(filters) !== own ? [filters] : [];
  });
}
