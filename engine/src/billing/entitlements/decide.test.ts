import { describe, expect, test } from "vitest";
import type { Meter } from "../catalog/meter.ts";
import { decimal } from "../money/decimal.ts";
import { FAR_FUTURE, parseInstant } from "../time/instant.ts";
import { type Counted, decide, thresholdsAt } from "./decide.ts";
import type { Grant } from "./grant.ts";

const NOON = parseInstant("2026-03-10T12:00:00Z")!;
const ENDS = { minute: NOON + 60_000, day: NOON + 43_200_000, lifetime: FAR_FUTURE } as const;

/** `hard 10/day used 8`: limit, window and what is used; `∞` is unlimited. */
function counted(text: string): Counted {
  const [enforcement, limit, window, used] = text.split(/ used |[ /]/).filter((part) => part !== "") as [
    "hard" | "soft",
    string,
    keyof typeof ENDS,
    string,
  ];
  return {
    limit: { amount: limit === "∞" ? null : decimal(limit), window, enforcement },
    period: { start: NOON, end: ENDS[window] },
    used: decimal(used),
  };
}

function grantOf(aggregation: Meter["aggregation"], more: Partial<Grant> = {}): Grant {
  const meter = { no: 1, key: "m", aggregation, recurring: false, rounding: null } as Meter;
  return {
    feature: { key: "f", name: null, type: "metered", meter: "m", archived: false },
    meter,
    denied: null,
    value: null,
    limits: [],
    ...more,
  };
}

describe("what is asked for, held against every limit", () => {
  test.each([
    ["sum", "hard 10/day used 8", "2", true, "granted", "day"],
    ["sum", "hard 10/day used 8", "2.000000000001", false, "limit_reached", "day"],
    ["sum", "hard 10/day used 8", null, true, "granted", "day"],
    ["sum", "hard 10/day used 10", null, false, "limit_reached", "day"],
    ["sum", "soft 10/day used 10", null, true, "limit_reached", "day"],
    ["sum", "hard 0/day used 0", null, false, "limit_reached", "day"],
    ["sum", "hard 0/day used 0", "0", true, "granted", "day"],
    ["sum", "hard ∞/day used 99999999999", "5", true, "granted", "day"],
    // The least left answers, though a longer one holds too.
    ["count", "hard 10/minute used 8 + hard 100/day used 20", null, true, "granted", "minute"],
    ["count", "hard 10/minute used 1 + hard 100/day used 98", null, true, "granted", "day"],
    // Of two that refuse, the one that lasts longer; a soft one never stands before a hard one.
    ["count", "hard 10/minute used 10 + hard 100/day used 100", null, false, "limit_reached", "day"],
    ["count", "soft 10/day used 10 + hard 5/minute used 5", null, false, "limit_reached", "minute"],
    ["count", "soft 10/day used 12 + hard 50/lifetime used 12", null, true, "limit_reached", "day"],
    ["count", "hard ∞/lifetime used 9 + hard 10/day used 9", null, true, "granted", "day"],
    // Not all that is metered adds up.
    ["max", "hard 10/day used 8", "10", true, "granted", "day"],
    ["max", "hard 10/day used 8", "11", false, "limit_reached", "day"],
    ["max", "hard 10/day used 12", "3", false, "limit_reached", "day"],
    ["latest", "hard 10/day used 12", "3", true, "granted", "day"],
    ["latest", "hard 10/day used 12", null, false, "limit_reached", "day"],
    ["avg", "hard 10/day used 9", "50", true, "granted", "day"],
    ["avg", "hard 10/day used 10", "1", false, "limit_reached", "day"],
  ] as const)("%s, %s, asked for %s: %s, %s, by the %s", (aggregation, limits, quantity, has_access, reason, window) => {
    const all = limits.split(" + ").map(counted);
    const check = decide(grantOf(aggregation), all, quantity === null ? null : decimal(quantity));
    expect([check.has_access, check.reason, check.window]).toEqual([has_access, reason, window]);
    expect(check.limits).toHaveLength(all.length);
  });
});

test("what is not given reads as nothing, never as unlimited", () => {
  const check = decide(grantOf("sum", { denied: "past_due" }), [], null);
  expect(JSON.parse(JSON.stringify(check))).toEqual({
    feature: "f",
    type: "metered",
    value: null,
    has_access: false,
    reason: "past_due",
    limit: 0,
    used: null,
    remaining: 0,
    window: null,
    resets_at: null,
    enforcement: null,
    limits: [],
  });
});

test("what is over the limit has nothing left, and a lifetime no end", () => {
  const { remaining, resets_at, used } = decide(grantOf("sum"), [counted("soft 10/lifetime used 12.5")], null);
  expect([remaining?.toFixed(), resets_at, used?.toFixed()]).toEqual(["0", null, "12.5"]);
});

test.each([
  ["10", "7.999", []],
  ["10", "8", ["approaching"]],
  ["10", "10", ["approaching", "reached"]],
  ["10", "12", ["approaching", "reached"]],
  ["0", "0", []],
  ["0", "1", ["reached"]],
  ["10", "-3", []],
  ["1", "0.8", ["approaching"]],
] as const)("of a limit of %s with %s used: %j", (limit, used, passed) => {
  expect(thresholdsAt(decimal(limit), decimal(used), decimal(80))).toEqual(passed);
});
