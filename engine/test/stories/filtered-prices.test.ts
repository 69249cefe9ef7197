/** Prices of one meter with filters: each event is billed once, by the most specific price that matches; quote and invoice agree. */
import { describe, expect, it } from "vitest";
import { createWorld } from "../world.ts";

const prices = [
  { key: "any", type: "usage", meter: "calls", unit_amount: "1" },
  { key: "gpt", type: "usage", meter: "calls", unit_amount: "10", filters: { model: ["gpt", "gpt-mini"] } },
  { key: "gpt_eu", type: "usage", meter: "calls", unit_amount: "100", filters: { model: ["gpt"], region: ["eu"] } },
  { key: "gpt_audit", type: "usage", meter: "calls", unit_amount: "1000", filters: { model: ["gpt"], region: ["eu"] } },
];
const events = [
  { model: "gpt", region: "eu" },
  { model: "gpt", region: "us" },
  { model: "gpt-mini", region: "eu" },
  { model: "llama", region: "eu" },
  {},
];

describe("prices with filters", () => {
  it.each([
    ["kept apart in the rollups", ["model", "region"], "2026-01-01T00:00:00Z"],
    ["read from the events", [], "2026-01-01T00:00:00Z"],
    ["of a period that begins within an hour", ["model", "region"], "2026-01-01T00:30:00Z"],
  ])("bill each event once: %s", async (_name, groupBy, start) => {
    const world = await createWorld();
    try {
      const clock = await world.clock(start);
      const meter = { key: "calls", event: "call", aggregation: "count", group_by: groupBy };
      await world.must("PUT", "/v1/catalog", {
        meters: [meter],
        plans: [{ key: "p", name: "P", currency: "usd", interval: "month", prices }],
      });
      await world.must("PUT", "/v1/tenants/t", { test_clock: clock.id });
      await world.must("POST", "/v1/tenants/t/subscription", { plan: "p" });
      await world.must(
        "POST",
        "/v1/usage",
        events
          .map((properties, i) => ({ tenant_id: "t", event: "call", idempotency_key: `${i}`, at: "2026-01-01T00:31:00Z", properties }))
          .map((event) => ({
            ...event,
            ...(start.includes("00:30") ? {} : { at: "2026-01-01T00:01:00Z" }),
          })),
      );
      await clock.to("2026-02-01T01:00:00Z");
      const { items } = await world.must("GET", "/v1/tenants/t/invoices");
      const lines = items[0].lines.map((line: { price: string; quantity: number; amount: number }) => [
        line.price,
        line.quantity,
        line.amount,
      ]);
      expect(lines).toEqual([
        ["any", 2, 2],
        ["gpt", 2, 20],
        ["gpt_eu", 1, 100],
        ["gpt_audit", 1, 1000],
      ]);
      const quote = await world.must("POST", "/v1/quote", {
        plan: "p",
        events: events.map((properties) => ({ event: "call", at: start, properties })),
      });
      expect(
        quote.lines.map((line: { price: string; quantity: number; amount: number }) => [line.price, line.quantity, line.amount]),
      ).toEqual(lines);
    } finally {
      await world.close();
    }
  });
});
