/** Sums by code, and the engine's answer shared out over lines: the parts come to the whole, whatever the signs. */
import { expect, test } from "vitest";
import type { LineTax } from "./invoice.ts";
import type { TaxBuyer } from "./tax-engine.ts";
import { answerOf, type NetLine, questionOf, sumsOf, taxesOfLines } from "./tax-question.ts";

const BUYER: TaxBuyer = { country: "DE", region: null, city: null, postalCode: null, line1: null, line2: null, taxId: null, exempt: false };
const ABOUT = { tenantId: "acme", buyer: BUYER, currency: "eur" };
const tax = (taxable: bigint, amount: bigint): LineTax => ({
  key: "stripe_de_vat",
  name: "VAT",
  kind: "vat",
  percent: "19.0",
  inclusive: false,
  taxable,
  amount,
});
const lines = (...nets: (number | [string, number])[]): NetLine[] =>
  nets.map((one) => (typeof one === "number" ? { code: "", net: BigInt(one) } : { code: one[0], net: BigInt(one[1]) }));

test.each<[string, NetLine[], bigint, bigint, bigint[]]>([
  ["three thirds", lines(100, 100, 100), 300n, 57n, [19n, 19n, 19n]],
  ["a unit that is left goes where the sum reaches it", lines(1, 1, 1), 3n, 1n, [0n, 1n, 0n]],
  ["a credit and a charge", lines(-700, 1_700), 1_000n, 190n, [-133n, 323n]],
  ["a line of nothing has nothing", lines(0, 100), 100n, 19n, [0n, 19n]],
  ["more given back than sold", lines(-1_700, 700), -1_000n, -190n, [-323n, 133n]],
  ["given back alone", lines(-333, -667), -1_000n, -190n, [-63n, -127n]],
])("%s", (_name, given, sum, whole, parts) => {
  const found = taxesOfLines(given, [{ code: "", amount: sum, taxes: [tax(sum, whole)] }]);
  expect(found.map((taxes) => taxes.reduce((total, one) => total + one.amount, 0n))).toEqual(parts);
  expect(found.flat().reduce((total, one) => total + one.amount, 0n)).toBe(whole);
  expect(found.flat().reduce((total, one) => total + one.taxable, 0n)).toBe(sum);
});

test("lines that cancel each other out have no tax, and nobody is asked", () => {
  expect(questionOf("stripe", ABOUT, lines(500, -500))).toBeNull();
  expect(taxesOfLines(lines(500, -500), [])).toEqual([[], []]);
});

test("what gives back more than it sells is a question of its own, and is given back", () => {
  const question = questionOf("stripe", ABOUT, lines(["b", 1_000], ["a", -300], ["b", 200]))!;
  expect(question.sells?.sums).toEqual([{ code: "b", amountMinor: 1_200n }]);
  expect(question.returns?.sums).toEqual([{ code: "a", amountMinor: 300n }]);
  const answer = answerOf(
    question,
    { reference: "calc_1", status: "taxed", taxes: [[tax(1_200n, 228n)]] },
    { reference: "calc_2", status: "taxed", taxes: [[tax(300n, 57n)]] },
  );
  expect(answer).toMatchObject({ calculation: "calc_1", status: "taxed", placeOfSupply: "DE" });
  expect(answer.sums.map((sum) => [sum.code, sum.amount, sum.taxes[0]?.amount])).toEqual([
    ["b", 1_200n, 228n],
    ["a", -300n, -57n],
  ]);
});

test("the hash is of all that the answer depends on, and of nothing else", () => {
  const hash = (about: Partial<typeof ABOUT>, given: NetLine[], engine = "stripe") =>
    questionOf(engine, { ...ABOUT, ...about }, given)!.hash;
  const mine = hash({}, lines(["a", 100], ["b", 200]));
  expect(hash({}, lines(["b", 150], ["a", 100], ["b", 50]))).toBe(mine);
  const others = [
    hash({}, lines(["a", 101], ["b", 200])),
    hash({}, lines(["b", 100], ["a", 200])),
    hash({}, lines(["a", -100], ["b", -200])),
    hash({ tenantId: "other" }, lines(["a", 100], ["b", 200])),
    hash({ currency: "usd" }, lines(["a", 100], ["b", 200])),
    hash({ buyer: { ...BUYER, exempt: true } }, lines(["a", 100], ["b", 200])),
    hash({ buyer: { ...BUYER, taxId: "DE1" } }, lines(["a", 100], ["b", 200])),
    hash({}, lines(["a", 100], ["b", 200]), "another"),
  ];
  expect(new Set([mine, ...others]).size).toBe(others.length + 1);
});

test("sums are by code, in the order of the codes", () => {
  expect(sumsOf(lines(["b", 1], ["a", 2], ["b", 3]))).toEqual([
    { code: "a", amount: 2n },
    { code: "b", amount: 4n },
  ]);
});
