/** What an endpoint asks for, and by which name it is told. */
import { expect, test } from "vitest";
import { EVENT_TYPES } from "../../events/types.ts";
import { ALIASES, checkWords, topicOf, wordsFor } from "./topic.ts";

test.each([
  ["invoice.created", ["invoice.created"], "invoice.created"],
  ["invoice.created", ["billing.invoice.created"], "billing.invoice.created"],
  ["invoice.created", ["billing.invoice.created", "invoice.*"], "invoice.created"],
  ["usage.aggregated", ["billing.usage_aggregated", "*"], "usage.aggregated"],
  ["usage.aggregated", ["billing.usage_aggregated"], "billing.usage_aggregated"],
  ["invoice.paid", ["billing.invoice.created", "invoice.*"], "invoice.paid"],
])("%s, asked for by %j, is told as %s", (type, asked, name) => expect(topicOf(type, asked)).toBe(name));

test("the other names are of events that there are", () => {
  expect(EVENT_TYPES).toEqual(expect.arrayContaining(Object.values(ALIASES)));
  expect(wordsFor("invoice.created")).toEqual(["invoice.created", "invoice.*", "*", "billing.invoice.created"]);
});

test("words are taken once each, and one that means nothing is refused by its place", () => {
  expect(checkWords(["*", "invoice.*", "*", "billing.usage_aggregated"])).toEqual(["*", "invoice.*", "billing.usage_aggregated"]);
  for (const word of ["invoice", "invoice.", "in*", "**", "billing.*", "billing.invoice.paid", "INVOICE.PAID", ""])
    expect(() => checkWords(["invoice.paid", word]), word).toThrow("event_types[1]");
});
