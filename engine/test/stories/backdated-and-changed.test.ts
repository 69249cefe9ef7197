/** A start in the past whose seats change before the time behind it was billed: each period is billed by itself, once. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createWorld, type World } from "../world.ts";
import { tenantOf } from "./tenant.ts";

describe("a subscription that began in the past and was changed at once", () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld();
    await world.must("PUT", "/v1/catalog", {
      meters: [{ key: "units", event: "unit", aggregation: "sum" }],
      plans: [
        {
          key: "pro",
          name: "Pro",
          currency: "usd",
          interval: "month",
          prices: [
            { key: "seats", type: "seat", unit_amount: "500" },
            { key: "units", type: "usage", meter: "units", unit_amount: "2" },
          ],
        },
      ],
    });
  });
  afterAll(() => world.close());

  it.each(["invoice_now", "next_invoice", "none"])("bills what it used in each of its periods once (%s)", async (proration) => {
    const clock = await world.clock("2026-01-15T00:00:00Z");
    await world.must("PUT", `/v1/tenants/${proration}`, { test_clock: clock.id });
    const tenant = tenantOf(world, proration);
    await tenant.start({ plan: "pro", seats: 2, start_at: "2025-12-10T00:00:00Z" });
    expect((await tenant.patch({ seats: 3, proration })).status).toBe(200);
    const unit = (at: string, amount: number) => ({ tenant_id: proration, event: "unit", at, amount, idempotency_key: at });
    await world.must("POST", "/v1/usage", [
      unit("2025-12-20T00:00:00Z", 10),
      unit("2026-01-11T00:00:00Z", 100),
      unit("2026-01-15T00:00:00Z", 1_000),
    ]);
    await clock.to("2026-02-10T00:00:00Z");
    const lines = (await tenant.invoices()).flatMap((invoice) => invoice.lines);
    expect(lines.filter((line) => line.price === "units").map((line) => [line.period_start, line.period_end, line.amount])).toEqual([
      ["2025-12-10T00:00:00Z", "2026-01-10T00:00:00Z", 20],
      ["2026-01-10T00:00:00Z", "2026-01-15T00:00:00Z", 200],
      ["2026-01-15T00:00:00Z", "2026-02-10T00:00:00Z", 2_000],
    ]);
  });
});
