import { expect, test } from "vitest";
import { formatInstant, parseInstant } from "./instant.ts";
import { nextBillingAt } from "./next-billing.ts";
import type { Interval } from "./period.ts";

// Flexprice next_billing_date
test.each([
  ["2024-01-30T18:30:00Z", "2024-01-30T18:30:00Z", "month", 1, "Asia/Kolkata", "2024-02-28T18:30:00Z"],
  ["2023-12-31T05:07:00Z", "2023-12-30T18:30:00Z", "month", 2, "Asia/Kolkata", "2024-02-28T18:30:00Z"],
  ["2024-04-29T05:07:00Z", "2024-02-29T05:07:00Z", "month", 2, "Asia/Kolkata", "2024-06-29T05:07:00Z"],
  ["2024-12-30T10:37:00Z", "2025-01-01T00:00:00Z", "month", 1, "UTC", "2025-01-01T00:00:00Z"],
  ["2024-12-30T10:37:00Z", "2025-01-01T00:00:00Z", "month", 2, "UTC", "2025-02-01T00:00:00Z"],
  ["2024-01-10T00:00:00Z", "2023-12-31T00:00:00Z", "month", 1, "UTC", "2024-01-31T00:00:00Z"], // the short first period
  ["2024-02-29T00:00:00Z", "2023-12-31T00:00:00Z", "month", 1, "UTC", "2024-03-31T00:00:00Z"],
  ["2026-04-01T00:00:00Z", "2026-07-01T00:00:00Z", "month", 3, "UTC", "2026-07-01T00:00:00Z"],
  ["2026-05-10T00:00:00Z", "2026-07-01T00:00:00Z", "month", 3, "UTC", "2026-07-01T00:00:00Z"], // the short first period
  ["2026-06-01T00:00:00Z", "2026-04-01T00:00:00Z", "month", 3, "UTC", "2026-09-01T00:00:00Z"],
  ["2027-01-01T00:00:00Z", "2026-07-01T00:00:00Z", "month", 6, "UTC", "2027-07-01T00:00:00Z"],
  ["2024-01-15T00:00:00Z", "2024-02-29T00:00:00Z", "year", 1, "UTC", "2025-02-28T00:00:00Z"],
  ["2023-12-31T23:59:59Z", "2024-01-01T00:00:00Z", "year", 1, "UTC", "2024-01-01T00:00:00Z"],
  ["2024-03-06T12:30:45Z", "2023-01-04T12:30:45Z", "week", 1, "UTC", "2024-03-13T12:30:45Z"],
  ["2024-03-06T12:30:45Z", "2024-03-04T00:00:00Z", "week", 1, "UTC", "2024-03-11T00:00:00Z"],
  ["2024-02-27T18:30:00Z", "2024-02-28T00:00:00Z", "day", 1, "UTC", "2024-02-28T00:00:00Z"],
] as [string, string, Interval["unit"], number, string, string][])(
  "%s, anchored %s, every %s × %i in %s: %s",
  (start, anchor, unit, count, timeZone, next) => {
    expect(formatInstant(nextBillingAt(parseInstant(start)!, parseInstant(anchor)!, { unit, count }, timeZone))).toBe(next);
  },
);
