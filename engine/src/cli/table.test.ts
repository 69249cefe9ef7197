import { expect, test } from "vitest";
import { table } from "./table.ts";

test("aligns words to the left and numbers to the right", () => {
  expect(
    table(
      ["plan", "rows", "amount"],
      [
        ["pro", 5, "1,234.50"],
        ["a longer one", 12_345n, "-7"],
        ["none", null, null],
      ],
    ),
  ).toBe(
    `plan           rows    amount
────────────  ─────  ────────
pro               5  1,234.50
a longer one  12345        -7
none
`,
  );
});

test("without a header has lines only, and none of nothing", () => {
  expect(table(null, [["+", "plan"]])).toBe("+  plan\n");
  expect(table(null, [])).toBe("");
});
