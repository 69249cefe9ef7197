import { expect, test } from "vitest";
import { fromNow, timeText } from "./time.ts";

test("a period ends on the day before its end, by the midnight of its own zone", () => {
  const kolkata = timeText("Asia/Kolkata");
  expect(kolkata.period("2026-09-30T18:30:00Z", "2026-10-31T18:30:00Z")).toBe("1 – 31 Oct 2026");
  expect(kolkata.period("2026-11-30T18:30:00Z", "2027-01-15T18:30:00Z")).toBe("1 Dec 2026 – 15 Jan 2027");
  expect(timeText("UTC").period("2026-10-01T00:00:00Z", "2026-12-01T00:00:00Z")).toBe("1 Oct – 30 Nov 2026");
  expect(timeText("UTC").period("2026-10-01T00:00:00Z", "2026-10-02T00:00:00Z")).toBe("1 Oct 2026");
});

test("months have three letters", () => {
  const utc = timeText("UTC");
  expect([utc.date("2026-09-05T00:00:00Z"), utc.day("2026-09-05T00:00:00Z"), utc.month("2026-09-05T00:00:00Z")]).toEqual([
    "5 Sep 2026",
    "5 Sep",
    "September 2026",
  ]);
});

test("days are counted by the calendar of the zone, not by hours", () => {
  const now = "2026-10-01T15:30:00Z";
  expect(fromNow("2026-10-01T18:00:00Z", now, timeText("UTC"))).toBe("today");
  expect(fromNow("2026-10-01T18:40:00Z", now, timeText("Asia/Kolkata"))).toBe("tomorrow");
  expect(fromNow("2026-10-06T00:00:00Z", now, timeText("UTC"))).toBe("in 5 days");
  expect(fromNow("2026-09-28T00:00:00Z", now, timeText("UTC"))).toBe("3 days ago");
  expect(fromNow("2027-03-01T00:00:00Z", now, timeText("UTC"))).toBe("in 5 months");
});

test("a zone that nobody knows is UTC", () => {
  expect(timeText("Mars/Olympus").dateTime("2026-10-01T15:30:00Z")).toBe("1 Oct 2026, 15:30");
});

test("a day begins by the clocks of the zone, also where they are changed on it", () => {
  expect(timeText("Asia/Kolkata").midnight("2026-10-01")).toBe("2026-09-30T18:30:00.000Z");
  expect(timeText("America/Los_Angeles").midnight("2026-11-01")).toBe("2026-11-01T07:00:00.000Z");
  expect(timeText("America/Los_Angeles").midnight("2026-11-02")).toBe("2026-11-02T08:00:00.000Z");
  // There is no midnight on this day: it begins at one.
  expect(timeText("America/Santiago").midnight("2026-09-06")).toBe("2026-09-06T04:00:00.000Z");
});
