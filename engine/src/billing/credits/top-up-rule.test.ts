/** When top-ups by the calendar fall due, and what they bring, by cases. */
import { describe, expect, it } from "vitest";
import { decimal } from "../money/decimal.ts";
import { formatInstant, parseInstant } from "../time/instant.ts";
import { creditsOf, occurrenceAfter, occurrenceFrom, type Schedule } from "./top-up-rule.ts";

const at = (text: string) => parseInstant(text)!;
const textOf = (instant: number | null) => (instant === null ? null : formatInstant(instant));

function schedule(
  startsAt: string,
  unit: Schedule["interval"]["unit"],
  more: { count?: number; endsAt?: string; timeZone?: string } = {},
): Schedule {
  const { count = 1, endsAt, timeZone = "UTC" } = more;
  return { startsAt: at(startsAt), endsAt: endsAt === undefined ? null : at(endsAt), interval: { unit, count }, timeZone };
}

describe("the first occurrence at an instant or after it", () => {
  const monthly = schedule("2026-01-31T10:00:00Z", "month");
  it.each<[string, Schedule, string, string | null]>([
    ["before the start it is the start", monthly, "2020-01-01T00:00:00Z", "2026-01-31T10:00:00Z"],
    ["at the start it is the start", monthly, "2026-01-31T10:00:00Z", "2026-01-31T10:00:00Z"],
    ["the 31st is the last day of February", monthly, "2026-01-31T10:00:00.001Z", "2026-02-28T10:00:00Z"],
    ["and of March again the 31st", monthly, "2026-02-28T10:00:00.001Z", "2026-03-31T10:00:00Z"],
    ["29 February by the year", schedule("2024-02-29T00:00:00Z", "year"), "2027-03-01T00:00:00Z", "2028-02-29T00:00:00Z"],
    ["every second week", schedule("2026-01-01T00:00:00Z", "week", { count: 2 }), "2026-01-02T00:00:00Z", "2026-01-15T00:00:00Z"],
    [
      "by the clock on the wall, through its change",
      schedule("2026-03-28T08:00:00Z", "day", { timeZone: "Europe/Berlin" }),
      "2026-03-28T08:00:00.001Z",
      "2026-03-29T07:00:00Z",
    ],
    [
      "at the end there is none",
      schedule("2026-01-01T00:00:00Z", "day", { endsAt: "2026-01-03T00:00:00Z" }),
      "2026-01-02T00:00:00.001Z",
      null,
    ],
    [
      "just before it there is one",
      schedule("2026-01-01T00:00:00Z", "day", { endsAt: "2026-01-03T00:00:00.001Z" }),
      "2026-01-03T00:00:00Z",
      "2026-01-03T00:00:00Z",
    ],
  ])("%s", (_what, rule, from, expected) => expect(textOf(occurrenceFrom(rule, at(from)))).toBe(expected));

  it("one after another misses none and repeats none", () => {
    const found: (string | null)[] = [];
    for (let next: number | null = monthly.startsAt; next !== null && found.length < 5; next = occurrenceAfter(monthly, next))
      found.push(textOf(next));
    expect(found.map((text) => text?.slice(0, 10))).toEqual(["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"]);
  });
});

it.each([
  // much, target, balance → credits
  ["50", null, "1000", "50"],
  [null, "100", "30.5", "69.5"],
  [null, "100", "100", "0"],
  [null, "100", "250", "0"],
])("%s each time, or up to %s, at a balance of %s: %s", (much, target, balance, expected) => {
  const rule = { much: much === null ? null : decimal(much), target: target === null ? null : decimal(target) };
  expect(creditsOf(rule, decimal(balance)).toFixed()).toBe(expected);
});
