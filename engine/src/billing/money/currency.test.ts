import { describe, expect, test } from "vitest";
import { formatMinor, isCurrency, minorDigits } from "./currency.ts";

describe("minor digits are ISO 4217's, not Intl's", () => {
  test.each([
    ["usd eur gbp inr brl mga mru sle ved xcg zwg", 2],
    ["huf idr cop pkr twd", 2],
    ["jpy krw clp vnd isk ugx pyg rwf xaf xof xpf bif djf gnf kmf vuv uyi", 0],
    ["kwd bhd jod omr tnd lyd iqd", 3],
    ["clf uyw", 4],
  ])("%s have %i", (codes, digits) => {
    for (const code of codes.split(" ")) expect([code, minorDigits(code)]).toEqual([code, digits]);
  });

  test("whatever Intl knows and we do not is withdrawn, or no money", () => {
    const unknown = Intl.supportedValuesOf("currency").filter((code) => !isCurrency(code.toLowerCase()));
    const expected = ["ANG", "BGN", "CUC", "HRK", "SLL", "XDR", "XSU", "ZWL"];
    expect(unknown.filter((code) => !expected.includes(code))).toEqual([]);
  });

  test.each(["USD", "xxx", "xau", "", "us", "toString", "bgn", "hrk", "zwl"])("%j is not a currency", (code) => {
    expect(isCurrency(code)).toBe(false);
    expect(() => minorDigits(code)).toThrow(RangeError);
  });
});

describe("formatMinor", () => {
  test.each([
    [22281787n, "usd", "USD 222,817.87"],
    [500n, "jpy", "JPY 500"], // lesson 30: no hundredfold yen
    [1234567n, "jpy", "JPY 1,234,567"],
    [1500n, "kwd", "KWD 1.500"],
    [-500n, "usd", "-USD 5.00"],
    [5n, "usd", "USD 0.05"],
    [-5n, "usd", "-USD 0.05"],
    [0n, "usd", "USD 0.00"],
    [0n, "jpy", "JPY 0"],
    [100000n, "usd", "USD 1,000.00"],
    [99999n, "usd", "USD 999.99"],
    [123456789n, "clf", "CLF 12,345.6789"],
    [900719925474099312n, "usd", "USD 9,007,199,254,740,993.12"],
  ])("%s %s is %s", (amountMinor, currency, text) => {
    expect(formatMinor(amountMinor, currency)).toBe(text);
  });
});
