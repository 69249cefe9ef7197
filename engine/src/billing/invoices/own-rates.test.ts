import { describe, expect, it } from "vitest";
import type { TaxRate } from "../catalog/tax-rate.ts";
import { decimal } from "../money/decimal.ts";
import { gstState, stateOfGstin } from "./gst-states.ts";
import { determine } from "./own-rates.ts";
import { taxLine } from "./tax.ts";

const rate = (
  key: string,
  kind: TaxRate["kind"],
  country: string,
  percent: string,
  region: string | null = null,
  inclusive = false,
): TaxRate => ({
  key,
  name: kind.toUpperCase(),
  kind,
  country,
  region,
  percent: decimal(percent),
  inclusive,
  archived: false,
});

const RATES = [
  rate("de", "vat", "DE", "19"),
  rate("fr", "vat", "FR", "20"),
  rate("es", "vat", "ES", "21"),
  rate("canarias", "vat", "ES", "7", "Canarias"),
  rate("gst", "gst", "IN", "18"),
  rate("ny", "sales", "US", "4", "NY"),
  rate("nyc", "sales", "US", "4.875", "NY"),
  rate("ca", "gst", "CA", "5"),
  rate("bc", "sales", "CA", "7", "BC"),
];
const GERMAN = { country: "DE", region: null, taxId: "DE123456789" };
const INDIAN = { country: "IN", region: "Karnataka", taxId: "29AABCU9603R1ZJ" };
const NOWHERE = { country: null, region: null, taxId: null };

describe("which taxes hold", () => {
  it.each([
    // what, seller, buyer's country, region, tax id, exempt → status, taxes, place of supply
    ["at home", GERMAN, "DE", null, null, false, "taxed", ["VAT 19"], "DE"],
    ["at home, a business", GERMAN, "DE", null, "DE999999999", false, "taxed", ["VAT 19"], "DE"],
    ["a person abroad", GERMAN, "FR", null, null, false, "taxed", ["VAT 20"], "FR"],
    ["a business abroad owes it itself", GERMAN, "FR", null, "FR12345678901", false, "reverse_charge", [], "FR"],
    ["a region's own rate", GERMAN, "ES", "canarias", null, false, "taxed", ["VAT 7"], "ES-canarias"],
    ["the rest of that country", GERMAN, "ES", "Madrid", null, false, "taxed", ["VAT 21"], "ES-Madrid"],
    ["where no rate is", GERMAN, "CH", null, null, false, "none", [], "CH"],
    ["who is exempt", GERMAN, "DE", null, null, true, "exempt", [], "DE"],
    ["nothing known of the buyer: where the seller is", GERMAN, null, null, null, false, "taxed", ["VAT 19"], "DE"],
    ["nothing known of anybody", NOWHERE, null, null, null, false, "none", [], null],
    ["a state's taxes add up", NOWHERE, "US", "ny", null, false, "taxed", ["SALES 4", "SALES 4.875"], "US-ny"],
    ["another state", NOWHERE, "US", "TX", null, false, "none", [], "US-TX"],
    ["country and province", NOWHERE, "CA", "BC", null, false, "taxed", ["GST 5", "SALES 7"], "CA-BC"],
    ["within one Indian state", INDIAN, "IN", "KA", null, false, "taxed", ["CGST 9", "SGST 9"], "IN-29"],
    ["to another state", INDIAN, "IN", "Maharashtra", null, false, "taxed", ["IGST 18"], "IN-27"],
    ["the GST number says the state", INDIAN, "IN", "Karnataka", "27AAPFU0939F1ZV", false, "taxed", ["IGST 18"], "IN-27"],
    ["a state that is not known", INDIAN, "IN", null, null, false, "taxed", ["IGST 18"], "IN"],
    ["an export", INDIAN, "GB", null, null, false, "none", [], "GB"],
  ])("%s", (_what, seller, country, region, taxId, exempt, status, taxes, place) => {
    const found = determine(RATES, seller, { country, region, taxId, exempt });
    expect([found.status, found.taxes.map((tax) => `${tax.name} ${tax.percent.toFixed()}`), found.placeOfSupply]).toEqual([
      status,
      taxes,
      place,
    ]);
  });

  it.each([
    ["Karnataka", "29"],
    ["in-ka", "29"],
    [" 29 ", "29"],
    ["Jammu & Kashmir", "01"],
    ["TG", "36"],
    ["Bavaria", null],
    [null, null],
  ])("state of %j: %s", (text, code) => {
    expect(gstState(text)).toBe(code);
  });

  it("reads a state only from what is a GST number", () => {
    expect([stateOfGstin("29AABCU9603R1ZJ"), stateOfGstin("DE123456789"), stateOfGstin(null)]).toEqual(["29", null, null]);
  });
});

describe("the tax of a line", () => {
  const tax = (percent: string, inclusive = false, key = "t") => ({ key, name: "T", kind: "vat", percent: decimal(percent), inclusive });
  it.each([
    // net, taxes → [taxable, amount] of each
    ["exclusive", 1_000n, [tax("19")], [[1000, 190]]],
    [
      "rounded once, half away from zero",
      250n,
      [tax("9"), tax("9")],
      [
        [250, 23],
        [250, 23],
      ],
    ],
    ["below zero as above", -250n, [tax("9")], [[-250, -23]]],
    ["inclusive", 1_190n, [tax("19", true)], [[1000, 190]]],
    ["inclusive, not whole", 999n, [tax("20", true)], [[833, 167]]],
    [
      "on top of what is contained",
      1_050n,
      [tax("5", true), tax("10")],
      [
        [1000, 50],
        [1000, 100],
      ],
    ],
    ["nothing", 0n, [tax("19")], []],
  ])("%s", (_what, net, taxes, expected) => {
    expect(taxLine(net, taxes).map((part) => [Number(part.taxable), Number(part.amount)])).toEqual(expected);
  });
});
