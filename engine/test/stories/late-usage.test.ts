/** Usage that comes as late as it may, after the next period was closed too: billed once, on the next invoice, whatever the interval. */
import { describe, expect, it } from "vitest";
import { createWorld } from "../world.ts";

describe("late usage", () => {
  it.each([
    // Used on the last day of January, reported on 3 March, when February is closed already.
    ["month", 1, "2026-01-01T00:00:00Z", "2026-01-31T12:00:00Z", "2026-03-03T00:00:00Z", "2026-05-01T00:00:00Z"],
    ["month", 3, "2026-01-01T00:00:00Z", "2026-03-31T12:00:00Z", "2026-04-03T00:00:00Z", "2026-07-01T00:00:00Z"],
    ["year", 1, "2025-01-01T00:00:00Z", "2025-12-31T12:00:00Z", "2026-01-20T00:00:00Z", "2027-01-01T00:00:00Z"],
    ["week", 1, "2026-01-05T00:00:00Z", "2026-01-06T12:00:00Z", "2026-02-09T00:00:00Z", "2026-02-23T00:00:00Z"],
    ["day", 1, "2026-01-01T00:00:00Z", "2026-01-01T12:00:00Z", "2026-02-04T00:00:00Z", "2026-02-06T00:00:00Z"],
  ])("of a plan by the %s × %i", async (interval, intervalCount, start, used, reported, end) => {
    const world = await createWorld();
    try {
      const clock = await world.clock(start);
      const prices = [{ key: "units", type: "usage", meter: "units", unit_amount: "3" }];
      await world.must("PUT", "/v1/catalog", {
        meters: [{ key: "units", event: "unit", aggregation: "sum" }],
        plans: [{ key: "p", name: "P", currency: "usd", interval, interval_count: intervalCount, prices }],
      });
      await world.must("PUT", "/v1/tenants/t", { test_clock: clock.id });
      await world.must("POST", "/v1/tenants/t/subscription", { plan: "p" });
      await clock.to(reported);
      await world.must("POST", "/v1/usage", { tenant_id: "t", event: "unit", amount: 7, idempotency_key: "late", at: used });
      await clock.to(end);
      const lines: { amount: number; quantity: number; period_start: string }[] = [];
      for (let page = await world.must("GET", "/v1/tenants/t/invoices?limit=100"); ; ) {
        for (const invoice of page.items) lines.push(...invoice.lines);
        if (page.next_cursor === null) break;
        page = await world.must("GET", `/v1/tenants/t/invoices?limit=100&cursor=${page.next_cursor}`);
      }
      const billed = lines.filter((line) => line.amount !== 0);
      expect(billed.map((line) => [line.quantity, line.amount])).toEqual([[7, 21]]);
      expect(Date.parse(billed[0]!.period_start)).toBeLessThanOrEqual(Date.parse(used));
    } finally {
      await world.close();
    }
  });
});
