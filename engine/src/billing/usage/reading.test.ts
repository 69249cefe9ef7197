import { describe, expect, test } from "vitest";
import type { Meter } from "../catalog/meter.ts";
import { quantityText, readEvent } from "./reading.ts";

test.each<[unknown, string | null]>([
  [0, "0"],
  [-0, "0"],
  [1.5, "1.5"],
  [1e-7, "0.0000001"],
  [1e21, "1000000000000000000000"],
  [Number.NaN, null],
  [Number.POSITIVE_INFINITY, null],
  ["007", "7"],
  ["1.500", "1.5"],
  ["-0.0", "0"],
  ["-3", "-3"],
  ["12345678901234567890.12345678901234567890", "12345678901234567890.1234567890123456789"],
  ["1".repeat(26), "1".repeat(26)],
  ["1".repeat(27), null],
  [`0.${"0".repeat(20)}1`, null],
  ["1e5", null],
  [" 1", null],
  ["1\n", null],
  ["٣", null],
  ["", null],
  [true, null],
  [null, null],
  [{}, null],
])("the quantity that %o names is %o", (value, text) => expect(quantityText(value)).toBe(text));

const meter = (fields: Partial<Meter>): Meter => ({
  no: 1,
  key: "m",
  name: null,
  unit: null,
  event: "e",
  aggregation: "sum",
  property: "v",
  filters: {},
  groupBy: [],
  recurring: false,
  rounding: null,
  creditCost: null,
  creditOverdraft: "reject",
  archived: false,
  used: false,
  ...fields,
});

describe("what a meter reads", () => {
  test.each<[string, Partial<Meter>, Record<string, unknown>, unknown, string[]]>([
    ["a property", { property: "v" }, { v: "2.50" }, { value: "2.5", groupKey: "" }, []],
    ["the amount without one", { property: null }, {}, { value: "7" }, []],
    ["nothing, to count", { aggregation: "count" }, {}, { value: null }, []],
    ["a group with sorted names", { groupBy: ["z", "a"] }, { v: 1, z: 2 }, { groupKey: '{"a":null,"z":"2"}' }, []],
    ["nothing that a filter passes by", { filters: { m: ["x"] } }, { m: "y" }, null, []],
    ["a missing property: a fault", {}, {}, null, ["properties.v"]],
    ["a text: a fault", {}, { v: "many" }, null, ["properties.v"]],
    ["a property of every object: a fault", { property: "constructor" }, {}, null, ["properties.constructor"]],
    ["nothing, archived: no fault", { archived: true }, {}, null, []],
    ["any text, to tell apart", { aggregation: "unique_count" }, { v: "ann" }, { value: null }, []],
    ["an object, to tell apart: a fault", { aggregation: "unique_count" }, { v: {} }, null, ["properties.v"]],
    [
      "an unknown operation: a fault",
      { aggregation: "unique_count" },
      { v: 1, operation_type: "drop" },
      null,
      ["properties.operation_type"],
    ],
  ])("%s", (_name, fields, properties, reading, paths) => {
    const faults: string[] = [];
    const read = readEvent(meter(fields), "7", properties, (path) => faults.push(path));
    if (reading === null) expect(read).toBeNull();
    else expect(read).toMatchObject(reading as object);
    expect(faults).toEqual(paths);
  });
});
