/** Which events somebody wants: `invoice.paid`, several with commas or by repeating, all of a noun with `invoice.*`. */
import { Type } from "typebox";
import { invalidField } from "../errors.ts";
import { EVENT_TYPES, type EventType } from "./types.ts";

const FORM = "^[a-z_.*, ]+$";

/** For a query string. */
export const TypeFilter = Type.Unsafe<string | string[]>({
  type: ["string", "array"],
  pattern: FORM,
  maxLength: 2_000,
  maxItems: 100,
  items: { type: "string", pattern: FORM, maxLength: 2_000 },
  description: "Only events of these types: `invoice.paid`; several with commas, or by repeating it; `invoice.*` for all of a noun.",
});

/** The types that are meant; null: every one. A word that means none is a 422. */
export function typesOf(given: string | readonly string[] | undefined): EventType[] | null {
  if (given === undefined) return null;
  const words = (typeof given === "string" ? [given] : given).flatMap((text) => text.split(",")).map((word) => word.trim());
  const found = new Set<EventType>();
  for (const word of words) {
    const meant = word === "*" ? EVENT_TYPES : EVENT_TYPES.filter((type) => type === word || word === `${type.split(".")[0]}.*`);
    if (meant.length === 0)
      throw invalidField("type", `${JSON.stringify(word)} is no type of event: name one, such as invoice.paid, or a noun with .*`);
    for (const type of meant) found.add(type);
  }
  return [...found];
}
