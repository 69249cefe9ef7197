/** Statements as banks write them, by cases: figures, days, columns, and what is refused by its line. */
import { describe, expect, it, test } from "vitest";
import { pointOf, readAmount } from "./bank-amount.ts";
import { orderOf, readDay } from "./bank-day.ts";
import { decodeStatement, MAX_ROWS, type Mapping, readStatement } from "./bank-file.ts";

const cell = (text: string, line = 1) => ({ line, text });
const message = (part: RegExp) => ({ line: 1, message: expect.stringMatching(part) as string });

describe("an amount", () => {
  it.each([
    ["1,23,456.78", "inr", 12_345_678n],
    ["12,34,56,789.00", "inr", 12_345_678_900n],
    ["1.234,56", "eur", 123_456n],
    ["1 234,50", "eur", 123_450n],
    ["1’234.50", "chf", 123_450n],
    ["1234.5", "usd", 123_450n],
    ["1,234", "usd", 123_400n],
    ["1.234", "eur", 123_400n],
    ["500", "jpy", 500n],
    ["1,500", "jpy", 1_500n],
    ["500.00", "jpy", 500n],
    ["1,234.567", "kwd", 1_234_567n],
    ["₹ 5,000.00", "inr", 500_000n],
    ["Rs. 5,000.00", "inr", 500_000n],
    ["5,000.00 INR", "inr", 500_000n],
    ["5,000.00 Cr", "inr", 500_000n],
    ["5,000.00Dr", "inr", -500_000n],
    ["(12.00)", "usd", -1_200n],
    ["-12.00", "usd", -1_200n],
    ["12,00-", "eur", -1_200n],
    ["+12.00", "usd", 1_200n],
    ["0.00", "usd", 0n],
  ])("%s %s", (text, currency, expected) => {
    const point = pointOf([cell(text)]);
    if (typeof point === "object" && point !== null) throw new Error(point.message);
    expect(readAmount(cell(text), currency, point)).toBe(expected);
  });

  it.each([
    ["twelve", "usd", /is not an amount/],
    ["1,2,3.00", "usd", /odd groups/],
    ["1.2.3", "usd", /odd groups/],
    ["1.005", "kwd", /mapping.decimal/],
    ["12.345,678", "eur", /more than the 2 decimals/],
    ["500.50", "jpy", /more than the 0 decimals/],
    ["99999999999999999.00", "usd", /too large/],
    ["-12-", "usd", /is not an amount/],
  ])("%s %s is refused", (text, currency, why) => {
    const point = pointOf([cell(text)]);
    if (typeof point === "object" && point !== null) throw new Error(point.message);
    expect(readAmount(cell(text), currency, point)).toEqual(message(why));
  });

  test("what one line tells holds for the column, and another may not contradict it", () => {
    expect(pointOf([cell("1.234"), cell("12,50")])).toBe(",");
    expect(readAmount(cell("1.234"), "eur", ",")).toBe(123_400n);
    expect(pointOf([cell("12.50", 2), cell("12,50", 3)])).toEqual({
      line: 3,
      message: expect.stringContaining("other decimals") as string,
    });
  });
});

describe("a day", () => {
  it.each([
    ["2026-01-31", "2026-01-31"],
    ["31/01/2026", "2026-01-31"],
    ["31.01.26", "2026-01-31"],
    ["31-Jan-2026", "2026-01-31"],
    ["1 January 2026", "2026-01-01"],
    ["02/03/2026", "2026-03-02"],
    ["2026-02-28T10:00:00Z", "2026-02-28"],
    ["29/02/2024", "2024-02-29"],
    ["31/01/2026 10:15", "2026-01-31"],
  ])("%s", (text, expected) => {
    expect(readDay(cell(text), "dmy")).toBe(expected);
  });

  it.each(["29/02/2026", "32/01/2026", "01/13/2026", "Jan", "2026", "2026-13-01", "1-Foo-2026", "0/0/2026"])("%s is refused", (text) => {
    expect(readDay(cell(text), "dmy")).toEqual(message(/is not a day/));
  });

  test("a number above 12 tells the order of the column", () => {
    expect(orderOf([cell("02/03/2026"), cell("01/31/2026")])).toBe("mdy");
    expect(orderOf([cell("02/03/2026")])).toBe("dmy");
    expect(orderOf([cell("31/01/2026", 2), cell("01/31/2026", 3)])).toMatchObject({ line: 3 });
  });
});

const brief = (text: string, mapping: Mapping = {}) =>
  readStatement(text, { currency: "inr", ...mapping }).rows.map((row) => [
    row.line,
    row.day,
    row.description,
    row.reference,
    row.currency,
    row.amount,
  ]);

describe("a statement", () => {
  it.each<[string, string, Mapping, unknown[][]]>([
    [
      "an Indian bank's, with lines before and after",
      'Account No,50100012345\nBranch,Pune\n\nDate,Narration,Chq./Ref.No.,Value Dt,Withdrawal Amt.,Deposit Amt.,Closing Balance\n01/01/26,"NEFT CR-HDFC0001-ACME, INV-2026-000001",N001,01/01/26,,"1,23,456.50","9,99,999.00"\n02/01/26,RENT,000000,02/01/26,"5,000.00",,"9,94,999.00"\n\nOpening Balance,,,,,,1.00\n',
      {},
      [[5, "2026-01-01", "NEFT CR-HDFC0001-ACME, INV-2026-000001", "N001", "inr", 12_345_650n]],
    ],
    [
      "a German bank's, with its mark, semicolons and commas",
      "\ufeffBuchungstag;Auftraggeber;Verwendungszweck;Betrag;Währung\n31.01.2026;Müller GmbH;RE INV-2026-000002;1.234,56;EUR\n30.01.2026;Miete;;-500,00;EUR\n",
      {},
      [[2, "2026-01-31", "RE INV-2026-000002 · Müller GmbH", "", "eur", 123_456n]],
    ],
    [
      "amounts with their side beside them",
      "Transaction Date|Description|Amount|Dr/Cr|UTR No\n2026-01-01|one|100.00|CR|U1\n2026-01-02|two|100.00|DR|U2\n",
      {},
      [[2, "2026-01-01", "one", "U1", "inr", 10_000n]],
    ],
    ["tabs and CRLF", "Date\tDetails\tPaid in\r\n1 Jan 2026\tx\t5.00\r\n", { currency: "gbp" }, [[2, "2026-01-01", "x", "", "gbp", 500n]]],
    [
      "a quoted field over two lines, quotes in it",
      'Date,Description,Credit\n2026-01-01,"a ""b""\nc",5.00\n2026-01-02,d,6.00\n',
      {},
      [
        [3, "2026-01-01", 'a "b"\nc', "", "inr", 500n],
        [4, "2026-01-02", "d", "", "inr", 600n],
      ],
    ],
    [
      "columns of other names, as they are mapped",
      'When,What,Rein\n01/02/2026,x,"1.234"\n',
      { columns: { date: "when", description: "What", credit: "Rein" }, decimal: ",", date_order: "mdy" },
      [[2, "2026-01-02", "x", "", "inr", 123_400n]],
    ],
  ])("%s", (_, text, mapping, expected) => {
    expect(brief(text, mapping)).toEqual(expected);
  });

  test("two like payments of a day are two, in whatever file they come again", () => {
    const row = "2026-01-01,cash,5.00\n";
    const once = readStatement(`Date,Description,Credit\n${row}`, { currency: "usd" }).rows;
    const twice = readStatement(`Some bank\nDate;Description;Credit\n${row.replaceAll(",", ";").repeat(2)}`, { currency: "usd" }).rows;
    expect(twice.map((one) => one.fingerprint)).toHaveLength(2);
    expect(new Set([...once, ...twice].map((one) => one.fingerprint)).size).toBe(2);
  });

  it.each<[string, string, RegExp]>([
    ["a formula", "Date,Description,Credit\n2026-01-01,ok,5\n2026-01-01,\"=cmd|' /C calc'!A0\",5\n", /^csv: line 3 has a formula/],
    ["a formula that begins with a sign", "Date,Description,Credit\n2026-01-01,+SUM(A1),5\n", /^csv: line 2 has a formula/],
    ["a formula of another kind", "Date,Description,Credit\n2026-01-01,@SUM(A1),5\n", /^csv: line 2 has a formula/],
    ["a quote that does not end", 'Date,Description,Credit\n2026-01-01,"x,5\n', /^csv: line \d+ is not CSV/],
    ["an amount that is none", "Date,Description,Credit\n2026-01-01,x,five\n", /^csv: line 2 "five" is not an amount/],
    ["a day that is none", "Date,Description,Credit\n2026-02-30,x,5\n", /^csv: line 2 "2026-02-30" is not a day/],
    ["no columns", "a,b,c\n1,2,3\n", /^csv: line 1 begins no statement/],
    ["nothing", "", /^csv: line 1 begins no statement/],
    ["a currency that there is not", "Date,Credit,Currency\n2026-01-01,5,ABC\n", /^csv: line 2 has a currency that there is not/],
    ["a NUL", "Date,Credit\n2026-01-01,5\0\n", /^csv: line 2 has a NUL/],
    ["a cell that is too long", `Date,Description,Credit\n2026-01-01,${"x".repeat(2_001)},5\n`, /^csv: line 2 has a cell/],
  ])("%s is refused by its line", (_, text, expected) => {
    expect(() => readStatement(text, { currency: "inr" })).toThrow(expected);
  });

  test("no currency is refused, and a row beyond the last is", () => {
    expect(() => readStatement("Date,Credit\n2026-01-01,5\n", {})).toThrow(/^csv: line 2 has no currency/);
    const many = `Date,Credit\n${"2026-01-01,5\n".repeat(MAX_ROWS + 1)}`;
    expect(() => readStatement(many, { currency: "usd" })).toThrow(`csv: line ${MAX_ROWS + 2} is beyond the ${MAX_ROWS} rows`);
  });

  test("bytes that are not UTF-8 are refused by their line", () => {
    expect(decodeStatement(Buffer.from("\ufeffDate\n", "utf8"))).toBe("Date\n");
    expect(() => decodeStatement(Buffer.from("Date\nM\xfcller\n", "latin1"))).toThrow(/^csv: line 2 is not UTF-8/);
    expect(() => decodeStatement(Buffer.from("\ufeffDate\n", "utf16le"))).toThrow(/^csv: line 1 is not UTF-8/);
  });
});
