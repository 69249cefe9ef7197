/** What an endpoint asks to be told of: a type, a noun with `.*`, or `*`; and two names under which others know events of ours. Pure. */
import { type Fault, invalid } from "../../errors.ts";
import { EVENT_TYPES, type EventType } from "../../events/types.ts";

/** Who asks by one of these names gets the event under it. */
export const ALIASES: Readonly<Record<string, EventType>> = {
  "billing.usage_aggregated": "usage.aggregated",
  "billing.invoice.created": "invoice.created",
};

const OTHER_NAME = new Map<string, string>(Object.entries(ALIASES).map(([alias, type]) => [type, alias]));

/** Each word of a subscription that means an event of this type. */
export function wordsFor(type: string): string[] {
  const alias = OTHER_NAME.get(type);
  return [type, `${type.split(".")[0]}.*`, "*", ...(alias === undefined ? [] : [alias])];
}

/** What the event is called for an endpoint: by its own name, unless it is asked for by the other one alone. */
export function topicOf(type: string, asked: readonly string[]): string {
  const alias = OTHER_NAME.get(type);
  if (alias === undefined || !asked.includes(alias)) return type;
  return wordsFor(type).some((word) => word !== alias && asked.includes(word)) ? type : alias;
}

/** Refuses words that mean no event; answers them once each. */
export function checkWords(words: readonly string[]): string[] {
  const known = new Set([...EVENT_TYPES.flatMap(wordsFor)]);
  const faults = words.flatMap((word, index): Fault[] =>
    known.has(word)
      ? []
      : [{ path: `event_types[${index}]`, message: "is no type of event: name one, such as invoice.paid, a noun with .*, or * for all" }],
  );
  if (faults.length > 0) throw invalid(faults);
  return [...new Set(words)];
}
