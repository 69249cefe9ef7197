/** From which lines unused time is given back. */
import { describe, expect, test } from "vitest";
import type { CreditPart } from "./credit.ts";
import type { LineTax } from "./invoice.ts";
import { returnsOf, type SoldLine } from "./unused.ts";

const NONE: CreditPart = { amount: 0n, discount: 0n, taxes: [], tax: 0n, total: 0n };

/** `invoice price amount`, and what of it was credited; the last one sold first. */
function line(text: string, options: { discount?: bigint; tax?: bigint; credited?: bigint } = {}): SoldLine {
  const [invoiceId, priceKey, amount] = text.split(" ") as [string, string, string];
  const { discount = 0n, tax = 0n, credited } = options;
  const vat = (taxable: bigint, of: bigint): LineTax => ({
    key: "vat",
    name: "",
    kind: "vat",
    percent: "",
    inclusive: false,
    taxable,
    amount: of,
  });
  return {
    id: `${invoiceId}/${priceKey}`,
    invoiceId,
    priceKey,
    amount: BigInt(amount),
    discount,
    taxes: tax === 0n ? [] : [vat(BigInt(amount) - discount, tax)],
    before: credited === undefined ? undefined : { ...NONE, amount: credited, total: credited },
  };
}

describe("unused time", () => {
  test.each<[string, [string, bigint][], SoldLine[], Record<string, bigint>, string[], bigint[]]>([
    ["is taken off the one line", [["base", 20n]], [line("a base 30")], { a: 30n }, ["a/base 20"], [0n]],
    [
      "of the last invoice first, then of the one before",
      [["base", 40n]],
      [line("b base 40"), line("a base 30")],
      // Its invoice also gave 20 back.
      { b: 20n, a: 30n },
      ["b/base 20", "a/base 20"],
      [0n],
    ],
    [
      "of the same price before any other",
      [["base", 40n]],
      [line("b seats 100"), line("a base 30")],
      { b: 100n, a: 30n },
      ["b/seats 10", "a/base 30"],
      [0n],
    ],
    [
      "of several prices",
      [
        ["base", 10n],
        ["seats", 5n],
      ],
      [line("a base 30"), line("a seats 15")],
      { a: 45n },
      ["a/base 10", "a/seats 5"],
      [0n, 0n],
    ],
    ["no more than the line has", [["base", 20n]], [line("a base 30", { credited: 25n })], { a: 5n }, ["a/base 5"], [15n]],
    ["no more than the invoice has left", [["base", 20n]], [line("a base 30")], { a: 7n }, ["a/base 7"], [13n]],
    ["with its part of discount and tax", [["base", 20n]], [line("a base 30", { discount: 3n, tax: 5n })], { a: 20n }, ["a/base 19"], [1n]],
    ["nothing of what was for nothing", [["base", 20n]], [line("a base 30", { discount: 30n })], { a: 0n }, [], [0n]],
    ["nothing of an invoice that gave money", [["base", 20n]], [line("a base 30")], { a: -10n }, [], [20n]],
    ["nothing where nothing was sold", [["base", 20n]], [], {}, [], [20n]],
  ])("%s", (_, unused, sold, left, taken, rest) => {
    const result = returnsOf(
      unused.map(([priceKey, amount]) => ({ priceKey, amount })),
      sold,
      new Map(Object.entries(left)),
    );
    expect(result.notes.flatMap((note) => note.lines.map(({ line: id, amountMinor }) => `${id} ${amountMinor}`))).toEqual(taken);
    expect(result.rest).toEqual(rest);
  });
});
