/** Lesson 28: the anchor does not drift. 31 January through a leap year, months, years and quarters. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createWorld, type World } from "../world.ts";
import { tenantOf } from "./tenant.ts";

const flat = [{ key: "base", type: "flat", amount: 1_000 }];

describe("lesson 28: who began on the 31st of January", () => {
  let world: World;

  beforeAll(async () => {
    world = await createWorld();
    await world.must("PUT", "/v1/catalog", {
      plans: [
        { key: "monthly", name: "Monthly", currency: "usd", interval: "month", prices: flat },
        { key: "quarterly", name: "Quarterly", currency: "usd", interval: "month", interval_count: 3, prices: flat },
        { key: "yearly", name: "Yearly", currency: "usd", interval: "year", prices: flat },
        { key: "weekly", name: "Weekly", currency: "usd", interval: "week", prices: flat },
      ],
    });
  });
  afterAll(() => world.close());

  async function live(id: string, plan: string, start: string, end: string) {
    const clock = await world.clock(start);
    await world.must("PUT", `/v1/tenants/${id}`, { currency: "usd", test_clock: clock.id });
    const tenant = tenantOf(world, id);
    await tenant.start({ plan });
    await clock.to(end);
    return tenant;
  }
  const starts = async (tenant: ReturnType<typeof tenantOf>) =>
    (await tenant.invoices()).map((invoice) => invoice.lines.at(-1).period_start.slice(0, 10));

  it("is billed on each month's last day, through a leap year and the next", async () => {
    const acme = await live("acme", "monthly", "2024-01-31T10:00:00Z", "2025-03-31T10:00:00Z");
    expect(await starts(acme)).toEqual([
      "2024-01-31",
      "2024-02-29",
      "2024-03-31",
      "2024-04-30",
      "2024-05-31",
      "2024-06-30",
      "2024-07-31",
      "2024-08-31",
      "2024-09-30",
      "2024-10-31",
      "2024-11-30",
      "2024-12-31",
      "2025-01-31",
      "2025-02-28",
      "2025-03-31",
    ]);
    const renewals = (await acme.events()).filter((type) => type === "subscription.renewed");
    expect(renewals).toHaveLength(14);
    expect((await acme.invoices()).every((invoice) => invoice.total === 1_000 && invoice.status === "paid")).toBe(true);
  });

  it("keeps its day through changes of the plan within the interval", async () => {
    const clock = await world.clock("2026-01-31T00:00:00Z");
    await world.must("PUT", "/v1/tenants/mover", { currency: "usd", test_clock: clock.id });
    await world.must("PUT", "/v1/plans/other", { name: "Other", currency: "usd", interval: "month", prices: flat });
    const mover = tenantOf(world, "mover");
    await mover.start({ plan: "monthly" });
    await clock.to("2026-02-28T00:00:00Z");
    await mover.step("plan", { plan: "other" });
    await clock.to("2026-03-31T00:00:00Z");
    expect(await mover.subscription()).toMatchObject({
      billing_anchor: "2026-01-31T00:00:00Z",
      current_period_start: "2026-03-31T00:00:00Z",
      current_period_end: "2026-04-30T00:00:00Z",
    });
  });

  it("by quarters and by years is counted from the same day", async () => {
    const quarter = await live("quarter", "quarterly", "2024-11-30T00:00:00Z", "2025-12-01T00:00:00Z");
    expect(await starts(quarter)).toEqual(["2024-11-30", "2025-02-28", "2025-05-30", "2025-08-30", "2025-11-30"]);
    const year = await live("year", "yearly", "2024-02-29T00:00:00Z", "2028-03-01T00:00:00Z");
    expect(await starts(year)).toEqual(["2024-02-29", "2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"]);
    const week = await live("week", "weekly", "2026-01-29T00:00:00Z", "2026-02-12T00:00:00Z");
    expect(await starts(week)).toEqual(["2026-01-29", "2026-02-05", "2026-02-12"]);
  });
});
