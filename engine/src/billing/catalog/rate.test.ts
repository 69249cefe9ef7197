/** What each model costs. Cases marked Lago or OpenMeter are figures of their published tests. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { roundMinor, toDecimal } from "../money/amount.ts";
import { type Decimal, decimal } from "../money/decimal.ts";
import { type PriceDocument, parsePrice } from "./price.ts";
import { delta, type RateInput, rate } from "./rate.ts";

const USAGE = { key: "p", type: "usage", meter: "m" } as const;

type Options = Omit<Partial<PriceDocument>, "key">;
type Row = readonly [options: Options, quantity: string, minor: string];

function cost(options: Options, input: RateInput): string {
  return toDecimal(rate(parsePrice({ ...USAGE, ...options }), input).amount).toFixed();
}

const graduated = (...tiers: readonly (readonly [string | null, string, string])[]): Options => ({
  model: "graduated",
  tiers: tiers.map(([up_to, unit_amount, flat_amount]) => ({ up_to, unit_amount, flat_amount })),
});
const asVolume = (options: Options): Options => ({ ...options, model: "volume" });

const LAGO_GRADUATED = graduated(["10", "10", "2"], ["20", "5", "3"], [null, "5", "3"]);
const FRACTIONAL = graduated(["0.1", "10", "0"], ["1", "5", "0"], [null, "2", "0"]);
const LAGO_VOLUME = asVolume(graduated(["100", "2", "10"], ["200", "1", "0"], [null, "0.5", "50"]));
const STEPS = graduated(["5", "0", "100"], ["10", "0", "50"], ["15", "10", "0"], [null, "5", "0"]);
const PACKS: Options = { model: "package", unit_amount: "100", package_size: 10 };
const SHARES: Options = {
  model: "graduated_percentage",
  tiers: [
    { up_to: 10, rate: "1", flat_amount: "200" },
    { up_to: 20, rate: "2", flat_amount: "300" },
    { up_to: null, rate: "3", flat_amount: "400" },
  ],
};

const TABLE: Record<string, readonly Row[]> = {
  "flat, whatever the quantity": [
    [{ type: "flat", amount: 2900 }, "1", "2900"],
    [{ type: "flat", amount: "2900" }, "0", "2900"],
  ],
  "per unit; included units come off first; negative bills 0": [
    [{ unit_amount: "10" }, "10", "100"], // Lago charge.standard
    [{ unit_amount: "0.25" }, "3", "0.75"],
    [{ unit_amount: "10", included: 3 }, "2", "0"],
    [{ unit_amount: "10", included: "0.5" }, "2", "15"],
    [{ unit_amount: "10" }, "-4", "0"],
    [{ unit_amount: "0.000000000001" }, "999999999999999", "999.999999999999"],
  ],
  "packages begun": [
    [{ ...PACKS, included: 10 }, "121", "1200"], // Lago charge.package
    [{ ...PACKS, included: 200 }, "121", "0"], // Lago
    [PACKS, "3", "100"], // Lago
    [PACKS, "0", "0"],
    [PACKS, "10", "100"],
    [PACKS, "10.000000000001", "200"],
  ],
  "graduated; the first tier is entered even at 0, up_to is inclusive": [
    [LAGO_GRADUATED, "0", "2"],
    [LAGO_GRADUATED, "-3", "2"],
    [LAGO_GRADUATED, "10", "102"], // Lago charge.graduated
    [LAGO_GRADUATED, "12", "115"], // Lago
    [LAGO_GRADUATED, "10.5", "107.5"],
    [FRACTIONAL, "0.5", "3"], // Lago, adjacent ranges
    [STEPS, "5", "100"],
    [STEPS, "5.001", "150"], // OpenMeter tiered_graduated
    [STEPS, "12", "170"], // OpenMeter
    [STEPS, "22", "235"], // OpenMeter
    [{ ...LAGO_GRADUATED, included: 2 }, "12", "102"],
  ],
  "volume: one tier for all": [
    [LAGO_VOLUME, "0", "10"],
    [LAGO_VOLUME, "1", "12"], // Lago charge.volume
    [LAGO_VOLUME, "100", "210"], // Lago
    [LAGO_VOLUME, "100.5", "100.5"],
    [LAGO_VOLUME, "200", "200"], // Lago
    [LAGO_VOLUME, "201", "150.5"],
    [asVolume(STEPS), "16", "80"], // OpenMeter tiered_volume
  ],
  "graduated percentage": [
    [SHARES, "0", "200"], // Lago charge.graduated_percentage
    [SHARES, "1", "200.01"], // Lago
    [SHARES, "12", "500.14"], // Lago
  ],
  "unit conversion, before included units": [
    [{ unit_amount: "10", divide: 1000, round: "up" }, "1400", "20"],
    [{ unit_amount: "10", divide: 1000, round: "up", included: "0.5" }, "1400", "15"], // OpenMeter unit_config
    [{ unit_amount: "10", divide: 1000, round: "down" }, "1999", "10"],
    [{ unit_amount: "10", divide: 1000, round: "half_up" }, "1500", "20"], // OpenMeter unit_conversion
    [{ unit_amount: "10", divide: 1000 }, "1500", "15"],
    [{ unit_amount: "10", multiply: 60 }, "1.5", "900"],
    [{ unit_amount: "3", divide: 3 }, "1", "1"],
    [{ unit_amount: "9", multiply: 2, divide: 3, included: 1 }, "3", "9"],
    [{ ...PACKS, divide: 3 }, "30", "100"],
    [{ ...PACKS, divide: 3 }, "31", "200"],
    [{ ...STEPS, divide: 3 }, "36", "170"],
    [{ ...asVolume(STEPS), divide: 3 }, "48", "80"],
  ],
  "bounds of the line": [
    [{ unit_amount: "10", minimum_amount: 100 }, "0", "100"], // OpenMeter unit
    [{ unit_amount: "10", maximum_amount: 100 }, "11", "100"],
    [{ unit_amount: "10", maximum_amount: 100, minimum_amount: 100 }, "10", "100"],
    [{ ...asVolume(STEPS), minimum_amount: 150 }, "0", "150"], // OpenMeter tiered_volume
  ],
};

describe.each(Object.entries(TABLE))("%s", (_, rows) => {
  test.each(rows)("%o × %s = %s", (options, quantity, minor) => {
    expect(cost(options, { quantity: decimal(quantity) })).toBe(minor);
  });
});

test("a conversion that does not come out even stays exact: three thirds are one", () => {
  const { amount, billable } = rate(parsePrice({ ...USAGE, unit_amount: "100", divide: 3 }), { quantity: decimal("1") });
  expect(billable.toFixed()).toBe("0.333333333333");
  expect(roundMinor({ num: amount.num.times(decimal(3)), den: amount.den })).toBe(100n);
});

test("a prorated volume quantity is priced at the tier of the full one", () => {
  // Lago charge.volume: 198.6 of 300.
  expect(cost(LAGO_VOLUME, { quantity: decimal("198.6"), fullQuantity: decimal(300) })).toBe("149.3");
});

test("bounds are prorated with the period, and a running period has no minimum", () => {
  const options = { unit_amount: "1", minimum_amount: 1000, maximum_amount: 2000 };
  const share = { num: 10n, den: 30n };
  expect(cost(options, { quantity: decimal(1), share })).toBe("333.333333333333");
  expect(cost(options, { quantity: decimal(900), share })).toBe("666.666666666667");
  expect(cost(options, { quantity: decimal(1), final: false })).toBe("1");
  expect(rate(parsePrice({ ...USAGE, ...options }), { quantity: decimal(1) }).bound).toBe("minimum");
});

test("explains a line by its tiers, and keeps the raw quantity", () => {
  const rated = rate(parsePrice({ ...USAGE, ...STEPS, included: 1 }), { quantity: decimal(23) });
  expect(JSON.parse(JSON.stringify(rated.tiers))).toEqual([
    { up_to: 5, quantity: 5, unit_amount: 0, flat_amount: 100, amount: 100 },
    { up_to: 10, quantity: 5, unit_amount: 0, flat_amount: 50, amount: 50 },
    { up_to: 15, quantity: 5, unit_amount: 10, flat_amount: 0, amount: 50 },
    { up_to: null, quantity: 7, unit_amount: 5, flat_amount: 0, amount: 35 },
  ]);
  expect([rated.quantity.toFixed(), rated.billable.toFixed()]).toEqual(["23", "22"]);
  expect(rate(parsePrice({ ...USAGE, unit_amount: "1" }), { quantity: decimal(-3) }).quantity.toFixed()).toBe("-3");
});

describe("delta: the whole, less what is billed", () => {
  // OpenMeter cumulative_rerating_delta
  test.each<[Options, string[], bigint[]]>([
    [asVolume(graduated(["15", "10", "0"], [null, "5", "0"])), ["15", "16", "16"], [150n, -70n, 0n]],
    [graduated(["5", "1", "100"], ["10", "2", "200"], [null, "3", "0"]), ["3", "7"], [103n, 206n]],
    [{ model: "package", unit_amount: "15", package_size: 10 }, ["11", "9"], [30n, -15n]],
    [{ unit_amount: "0.1" }, ["333", "666"], [33n, 34n]],
  ])("%o at %o", (options, quantities, increments) => {
    const price = parsePrice({ ...USAGE, ...options });
    let billed = 0n;
    const actual = quantities.map((quantity) => {
      const more = delta(rate(price, { quantity: decimal(quantity) }), billed);
      billed += more;
      return more;
    });
    expect(actual).toEqual(increments);
  });
});

test("law: a graduated amount is what an integer walk over each unit gives, at any conversion", () => {
  const price = fc.array(fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 0, max: 50 }), fc.integer({ min: 0, max: 99 })), {
    minLength: 1,
    maxLength: 4,
  });
  fc.assert(
    fc.property(price, fc.integer({ min: 0, max: 60 }), fc.integer({ min: 1, max: 7 }), (steps, quantity, divide) => {
      let end = 0;
      const tiers = steps.map(([size, unit, flat], index) => {
        end += size;
        return [index === steps.length - 1 ? null : String(end), String(unit), String(flat)] as const;
      });
      let expected = BigInt(steps[0]![2]);
      let unit = 0;
      for (const [index, [up, each, flat]] of tiers.entries()) {
        const top = up === null ? quantity : Math.min(quantity, Number(up));
        if (index > 0 && quantity > unit) expected += BigInt(flat);
        for (; unit < top; unit += 1) expected += BigInt(each);
      }
      const input: { quantity: Decimal } = { quantity: decimal(quantity * divide) };
      expect(roundMinor(rate(parsePrice({ ...USAGE, ...graduated(...tiers), divide }), input).amount)).toBe(expected);
    }),
  );
});
