import { describe, expect, it } from "vitest";
import { nextAttempt } from "./dunning.ts";

const DAY = 86_400_000;

describe("the next attempt after a failure", () => {
  it.each([
    // schedule, retries begun, days since the first failure → day of the next attempt
    [[1, 3, 5, 7], 0, 0, 1],
    [[1, 3, 5, 7], 1, 1, 3],
    [[1, 3, 5, 7], 2, 3, 5],
    [[1, 3, 5, 7], 3, 5, 7],
    [[1, 3, 5, 7], 4, 7, null],
    // The outcome of the first retry was awaited for five days: day 3 and day 5 are over.
    [[1, 3, 5, 7], 1, 5, 7],
    [[1, 3, 5, 7], 1, 30, null],
    [[], 0, 0, null],
  ])("of %j, %i begun, on day %i: %s", (schedule, retries, day, expected) => {
    const next = nextAttempt(schedule, 1_000, retries, 1_000 + day * DAY);
    expect(next === null ? null : (next.at - 1_000) / DAY).toBe(expected);
  });
});
