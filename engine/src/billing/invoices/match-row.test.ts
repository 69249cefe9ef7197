/** Which invoice a bank's row may pay, by cases. */
import { describe, expect, it, test } from "vitest";
import { clearMatch, foldNumber, type Match, matchRow, methodIn, type Payable, tokensOf } from "./match-row.ts";

const payable = (n: number, more: Partial<Payable> = {}): Payable => ({
  id: `inv_${n}`,
  tenant_id: `tenant_${n}`,
  tenant_name: "Acme Traders Pvt. Ltd.",
  number: `INV-2026-00000${n}`,
  currency: "inr",
  amount_due: 5_000n,
  status: "open",
  ...more,
});

/** As the import looks candidates up. */
function found(text: string, amount: bigint, invoices: Payable[], recorded: Payable[] = []): Match[] {
  const tokens = tokensOf(text);
  return matchRow(
    { text, currency: "inr", amount },
    {
      number: invoices.filter((invoice) => tokens.includes(foldNumber(invoice.number))),
      amount: invoices.filter((invoice) => invoice.currency === "inr" && invoice.amount_due === amount && invoice.status === "open"),
      reference: recorded,
    },
  );
}
const brief = (matches: Match[]) => matches.map(({ invoice, confidence, why }) => [invoice, confidence, why.join(" ")]);

describe("a row", () => {
  it.each<[string, string, bigint, Payable[], unknown[]]>([
    ["number and amount", "NEFT INV-2026-000001", 5_000n, [payable(1), payable(2)], [["inv_1", "high", "number amount"]]],
    ["a number as banks squash it", "NEFT/inv2026000001/x", 5_000n, [payable(1)], [["inv_1", "high", "number amount"]]],
    ["a number in other punctuation", "INV 2026/000001", 5_000n, [payable(1)], [["inv_1", "high", "number amount"]]],
    ["a number and a part", "INV-2026-000001", 3_000n, [payable(1)], [["inv_1", "medium", "number amount_differs"]]],
    ["no number that only begins so", "INV-2026-0000012", 3_000n, [payable(1)], []],
    ["amount and name", "RTGS ACME TRADERS PVT LTD", 5_000n, [payable(1)], [["inv_1", "medium", "amount tenant_name"]]],
    ["amount and id", "from tenant_1", 5_000n, [payable(1)], [["inv_1", "medium", "amount tenant_id"]]],
    ["amount alone, of one", "cash", 5_000n, [payable(1)], [["inv_1", "low", "amount"]]],
    ["amount alone, of two", "cash", 5_000n, [payable(1), payable(2)], []],
    ["name alone", "ACME TRADERS PVT LTD", 4_000n, [payable(1)], []],
    ["a short name is in any text", "CASH AB", 5_000n, [payable(1, { tenant_name: "AB" }), payable(2, { tenant_name: "CD" })], []],
    [
      "a paid invoice's number",
      "INV-2026-000001",
      5_000n,
      [payable(1, { amount_due: 0n, status: "paid" })],
      [["inv_1", "low", "number nothing_due"]],
    ],
    ["another currency", "INV-2026-000001", 5_000n, [payable(1, { currency: "usd" })], [["inv_1", "low", "number other_currency"]]],
    [
      "two numbers, the fitting one first",
      "INV-2026-000001 INV-2026-000002",
      5_000n,
      [payable(1, { amount_due: 7_000n }), payable(2)],
      [
        ["inv_2", "high", "number amount"],
        ["inv_1", "medium", "number amount_differs"],
      ],
    ],
    ["nothing", "SALARY", 1n, [payable(1)], []],
  ])("%s", (_, text, amount, invoices, expected) => {
    expect(brief(found(text, amount, invoices))).toEqual(expected);
  });

  test("under a reference that was recorded is that payment again", () => {
    const paid = payable(1, { amount_due: 0n, status: "paid" });
    expect(brief(found("UTR 7", 5_000n, [], [paid]))).toEqual([["inv_1", "high", "reference nothing_due"]]);
  });

  test("has at most five proposals", () => {
    const many = Array.from({ length: 9 }, (_, n) => payable(n));
    expect(found("ACME TRADERS PVT LTD", 5_000n, many)).toHaveLength(5);
  });
});

test("what may be taken unnamed is the only likely one", () => {
  expect(clearMatch(found("INV-2026-000001 INV-2026-000002", 5_000n, [payable(1, { amount_due: 7_000n }), payable(2)]))?.invoice).toBe(
    "inv_2",
  );
  expect(clearMatch(found("ACME TRADERS PVT LTD", 5_000n, [payable(1), payable(2)]))).toBeNull();
  expect(clearMatch(found("cash", 5_000n, [payable(1)]))).toBeNull();
  expect(clearMatch([])).toBeNull();
});

it.each([
  ["NEFT CR-1", "neft"],
  ["by rtgs", "rtgs"],
  ["CHQ DEP 17", "cheque"],
  ["SWIFT", "wire"],
])("%s came by %s", (text, expected) => {
  expect(methodIn(text)).toBe(expected);
});

test("a long text makes few tokens", () => {
  expect(tokensOf("A1 ".repeat(5_000)).length).toBeLessThan(500);
});
