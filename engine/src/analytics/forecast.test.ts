import { expect, test } from "vitest";
import { decimal } from "../billing/money/decimal.ts";
import { forecast } from "./forecast.ts";

const told = (values: number[], season: number, steps: number) => {
  const found = forecast(
    values.map((value) => decimal(value)),
    season,
    steps,
  );
  return found && { ...found, values: found.values.map((value) => value.toFixed()), mape: found.mape.toFixed() };
};

const week = [10, 20, 30, 40, 50, 5, 1];

test.each([
  ["too short", [1, 2, 3], 7, null],
  ["nothing at all", [0, 0, 0, 0, 0, 0], 7, null],
  ["short, once what was before the first is left out", [0, 0, 0, 0, 1, 2, 3], 7, null],
  ["level: the plainest of all that are right", [5, 5, 5, 5], 7, { method: "last_value", values: ["5", "5"], mape: "0", tested: 2 }],
  ["a straight line goes on", [10, 20, 30, 40, 50, 60], 7, { method: "drift", values: ["70", "80"], mape: "0", tested: 3 }],
  ["weeks alike come again", [...week, ...week], 7, { method: "seasonal_naive", values: ["10", "20"], mape: "0", tested: 7 }],
  // 10 of 40 30 20 is told exactly, 0 is told where 1 was: wrong by nothing and by all of it.
  ["never below nothing", [40, 30, 20, 10, 1], 7, { method: "drift", values: ["0", "0"], mape: "0.5", tested: 2 }],
])("%s", (_, values, season, expected) => {
  const found = told(values as number[], season as number, 2);
  expect(found).toEqual(expected);
});

test("the error is what the last periods were missed by, one step ahead", () => {
  // Last value: 100 told where 110 was, 110 where 121 was: 10/110 and 11/121, each 0.090909. Drift: 100 told for 110 (0.090909), 115 for 121 (0.049587): 0.0702 on average.
  expect(told([100, 100, 110, 121], 7, 1)).toEqual({ method: "drift", values: ["128"], mape: "0.0702", tested: 2 });
});
