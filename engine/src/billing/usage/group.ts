/** Groups: one value of a meter, or one line of a price, for each combination of the properties in `group_by`. */
import { type Properties, propertyText } from "./filter.ts";

/** The value of each property of `group_by`, as text; null where an event has none. */
export type Group = Readonly<Record<string, string | null>>;

/** The group that an event falls in. */
export function groupOf(groupBy: readonly string[], properties: Properties): Group {
  return Object.fromEntries(groupBy.map((name) => [name, propertyText(properties, name)]));
}

/** The canonical text of a group: JSON with sorted names, stable whatever the order of `group_by`; "" without one. Part of a line's identity. */
export function groupKey(group: Group): string {
  const entries = Object.entries(group).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.length === 0 ? "" : JSON.stringify(Object.fromEntries(entries));
}
