import { describe, expect, it } from "vitest";
import { numberOf, type SeriesInput, seriesOf } from "./numbering.ts";

describe("numbers", () => {
  it.each([
    // style, first month of the year, instant, sequence → number, counter
    ["year", 1, "2026-12-31T23:59:59Z", 1n, "INV-2026-000001", "INV-2026"],
    ["year", 4, "2026-03-31T23:59:59Z", 12n, "INV-2025-26-000012", "INV-2025-26"],
    ["year", 4, "2026-04-01T00:00:00Z", 1n, "INV-2026-27-000001", "INV-2026-27"],
    ["year", 7, "2099-08-01T00:00:00Z", 1n, "INV-2099-00-000001", "INV-2099-00"],
    ["year", 1, "2026-01-01T00:00:00Z", 1_234_567n, "INV-2026-1234567", "INV-2026"],
    ["month", 1, "2026-02-01T00:00:00Z", 7n, "INV-202602-007", "INV"],
    ["tenant", 1, "2026-02-01T00:00:00Z", 7n, "INV-042-007", "INV-042"],
  ] as const)("%s from month %i at %s", (style, fiscalYearStartMonth, at, sequence, number, key) => {
    const input: SeriesInput = { style, prefix: "INV", at: Date.parse(at), fiscalYearStartMonth, tenantNo: 42 };
    const series = seriesOf(input);
    expect([numberOf(series, sequence), series.key]).toEqual([number, key]);
  });
});
