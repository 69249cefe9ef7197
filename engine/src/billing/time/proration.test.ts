import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { roundMinor, toDecimal } from "../money/amount.ts";
import { DAY } from "./civil.ts";
import { parseInstant } from "./instant.ts";
import type { Period } from "./period.ts";
import { changeLines, differenceMinor, flatLineMinor, prorate, prorated, share } from "./proration.ts";

const at = (text: string) => parseInstant(text.length === 10 ? `${text}T00:00:00Z` : text)!;
const span = (start: string, end: string): Period => ({ start: at(start), end: at(end) });
const JANUARY = span("2024-01-01", "2024-02-01");
const march = span("2022-03-01", "2022-04-01");

describe("share", () => {
  test("by the second: service seconds over full seconds", () => {
    expect(share(span("2024-01-01", "2024-01-02"), JANUARY, "second", "UTC")).toEqual({ num: 86400n, den: 2678400n });
    expect(share({ start: at("2024-01-31T23:59:58.999Z"), end: JANUARY.end }, JANUARY, "second", "UTC")).toEqual({
      num: 2n,
      den: 2678400n,
    });
  });

  test("by the day: calendar days in the zone, the day of change to what comes after", () => {
    const changeAt = "2022-03-15T14:30:00Z";
    expect(share(span("2022-03-01", changeAt), march, "day", "UTC")).toEqual({ num: 14n, den: 31n });
    expect(share(span(changeAt, "2022-04-01"), march, "day", "UTC")).toEqual({ num: 17n, den: 31n });
    // 23:30 UTC is the 16th in Paris, and the clocks change in between.
    const paris = span("2022-02-28T23:00:00Z", "2022-03-31T22:00:00Z");
    expect(share({ start: at("2022-03-15T23:30:00Z"), end: paris.end }, paris, "day", "Europe/Paris")).toEqual({ num: 16n, den: 31n });
  });

  test.each([
    ["as long as the full period", span("2022-03-01", "2022-04-01"), march, 1n],
    ["longer", span("2022-03-01", "2022-06-01"), march, 1n],
    ["of a full period without length", span("2022-03-01", "2022-03-02"), span("2022-03-01", "2022-03-01"), 1n],
    ["empty", span("2022-03-05", "2022-03-05"), march, 0n],
    ["over before it began", span("2022-03-06", "2022-03-05"), march, 0n],
  ])("a service %s", (_, service, full, num) => {
    for (const unit of ["second", "day"] as const) expect(share(service, full, unit, "UTC")).toEqual({ num, den: 1n });
  });

  test("the parts of a period add up to it, wherever it is cut", () => {
    const cut = fc.integer({ min: march.start + DAY, max: march.end - DAY });
    fc.assert(
      fc.property(
        cut,
        fc.constantFrom("second" as const, "day" as const),
        fc.constantFrom("UTC", "America/New_York"),
        (changeAt, unit, timeZone) => {
          const before = share({ start: march.start, end: changeAt }, march, unit, timeZone);
          const after = share({ start: changeAt, end: march.end }, march, unit, timeZone);
          expect(before.den).toBe(after.den);
          expect(before.num + after.num).toBe(before.den);
        },
      ),
    );
  });
});

describe("prorate rounds once, half away from zero", () => {
  // Lago proration.subscription, by the day
  test.each([
    [100n, "2022-06-25", "2022-06-27", "2022-06-20", "2022-06-27", 29n, "28.57143"],
    [100n, "2022-01-04", "2022-02-01", "2022-01-01", "2022-02-01", 90n, "90.32258"],
    [100n, "2022-03-15", "2022-04-01", "2022-03-01", "2022-04-01", 55n, "54.83871"],
    [100n, "2022-01-16", "2022-02-01", "2022-01-01", "2022-02-01", 52n, "51.6129"],
    [100n, "2022-02-05", "2023-01-01", "2022-01-01", "2023-01-01", 90n, "90.41096"],
    [100n, "2023-08-01", "2023-08-21", "2023-08-01", "2023-09-01", 65n, "64.51613"], // upgraded on the 21st: 20 days
    [100n, "2022-04-29", "2022-04-01", "2022-03-01", "2022-04-01", 0n, "0"], // the trial outlasts the period
  ])("%s for [%s, %s) of [%s, %s) by the day is %s", (amountMinor, from, to, start, end, minor, exact) => {
    const [service, full] = [span(from, to), span(start, end)];
    expect(prorate(amountMinor, service, full, "day", "UTC")).toBe(minor);
    expect(toDecimal(prorated(amountMinor, share(service, full, "day", "UTC")), 5).toFixed()).toBe(exact);
  });

  // OpenMeter proration_flat_time, by the second
  test.each([
    [1000n, "2024-01-01", "2024-01-02", "2024-01-01", "2024-02-01", 32n],
    [900n, "2024-01-01", "2024-02-01", "2024-01-01", "2024-04-01", 307n],
    [1000n, "2024-01-01T00:00:40Z", "2024-02-01", "2024-01-01", "2024-02-01", 1000n],
    [10000n, "2026-01-01", "2026-01-16", "2026-01-01", "2026-02-01", 4839n],
    [1000n, "2026-01-01", "2026-01-11", "2026-01-01", "2026-02-01", 323n], // yen (lesson 30)
    [10000n, "2026-01-01", "2026-03-01", "2026-01-01", "2026-02-01", 10000n],
  ])("%s for [%s, %s) of [%s, %s) by the second is %s", (amountMinor, from, to, start, end, minor) => {
    expect(prorate(amountMinor, span(from, to), span(start, end), "second", "UTC")).toBe(minor);
    expect(prorate(-amountMinor, span(from, to), span(start, end), "second", "UTC")).toBe(-minor);
  });

  test("a tie goes away from zero", () => {
    const half = span("2022-03-01", "2022-03-02");
    expect(prorate(5n, half, span("2022-03-01", "2022-03-03"), "day", "UTC")).toBe(3n);
    expect(prorate(-5n, half, span("2022-03-01", "2022-03-03"), "day", "UTC")).toBe(-3n);
  });

  test("what a service and its rest cost is the price, to one unit of rounding, exactly before it", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 12n), max: 10n ** 12n }), fc.integer({ min: march.start, max: march.end }), (price, cut) => {
        const parts = [
          { start: march.start, end: cut },
          { start: cut, end: march.end },
        ].map((service) => prorated(price, share(service, march, "second", "UTC")));
        const sum = parts.map(roundMinor).reduce((a, b) => a + b, 0n);
        expect(sum - price <= 1n && sum - price >= -1n).toBe(true);
      }),
    );
  });
});

describe("what Stripe itself computed", () => {
  test.each([
    [1596749288, 1599427688, 1598982148, 1000n, 3252n, -166n, 541n],
    [1487030400, 1489449600, 1488568488, 1000n, null, -364n, 0n],
  ])("[%i, %i) changed at %i", (start, end, changeAt, beforeMinor, afterMinor, creditMinor, chargeMinor) => {
    const full = { start: start * 1000, end: end * 1000 };
    const change = { beforeMinor, afterMinor, beforeFull: full, afterFull: full };
    expect(changeLines(change, changeAt * 1000, "second", "UTC")).toEqual({ creditMinor, chargeMinor });
  });
});

describe("lines of a change", () => {
  // Flexprice plan_change_proration, Meteroid plan_change_proration_minor_units
  test.each([
    [5000n, 10000n, 30, 10, -3333n, 6667n],
    [60000n, 120000n, 365, 100, -43562n, 87123n],
    [5000n, 10000n, 30, 15, -2500n, 5000n],
    [null, 10000n, 30, 15, 0n, 5000n],
    [10000n, null, 30, 15, -5000n, 0n],
    [10000n, 20000n, 30, 30, 0n, 0n],
  ])("%s to %s in %i days after %i", (beforeMinor, afterMinor, days, used, creditMinor, chargeMinor) => {
    const full = { start: 0, end: days * DAY };
    for (const unit of ["second", "day"] as const) {
      const lines = changeLines({ beforeMinor, afterMinor, beforeFull: full, afterFull: full }, used * DAY, unit, "UTC");
      expect(lines).toEqual({ creditMinor, chargeMinor });
    }
  });

  test("each side is a share of its own full period: a monthly plan to a yearly one on 21 August", () => {
    const change = {
      beforeMinor: 1000n,
      afterMinor: 12000n,
      beforeFull: span("2023-08-01", "2023-09-01"),
      afterFull: span("2023-01-01", "2024-01-01"),
    };
    // 11 of 31 days unused, 133 of 365 days to come
    expect(changeLines(change, at("2023-08-21T09:00:00Z"), "day", "UTC")).toEqual({ creditMinor: -355n, chargeMinor: 4373n });
  });

  // Lago proration.fixed_charge
  test("the difference to what is billed already", () => {
    const rest = span("2023-08-21", "2023-09-01");
    expect(differenceMinor(10000n, 1500n, rest, span("2023-08-01", "2023-09-01"), "day", "UTC")).toBe(3016n);
    expect(differenceMinor(2000n, 0n, rest, span("2023-08-01", "2023-09-01"), "day", "UTC")).toBe(710n);
  });
});

describe("a flat line", () => {
  const line = {
    amountMinor: 2000n,
    service: span("2024-01-21T21:55:18Z", "2024-02-01"),
    full: JANUARY,
    prorate: true,
    unit: "second",
    timeZone: "UTC",
  } as const;

  test("is prorated, sold whole, or left off", () => {
    expect(flatLineMinor(line)).toBe(651n);
    expect(flatLineMinor({ ...line, prorate: false })).toBe(2000n);
    expect(flatLineMinor({ ...line, amountMinor: 0n })).toBeNull();
    expect(flatLineMinor({ ...line, amountMinor: 1n, service: span("2024-01-01", "2024-01-02") })).toBeNull();
  });

  test("of one instant is a one-time price", () => {
    expect(flatLineMinor({ ...line, service: span("2024-01-01", "2024-01-01") })).toBe(2000n);
  });
});
