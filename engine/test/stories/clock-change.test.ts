/** Clocks change in New York and not in Kolkata: periods keep to local midnight, and money to the seconds that were served. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createWorld, type World } from "../world.ts";
import { linesOf, tenantOf } from "./tenant.ts";

describe("months in which the clock changes", () => {
  let world: World;

  beforeAll(async () => {
    world = await createWorld();
    const plan = (key: string, amount: number, more: object = {}) => ({
      key,
      name: key,
      currency: "usd",
      currencies: { inr: { prices: { base: amount } } },
      interval: "month",
      prices: [{ key: "base", type: "flat", amount }],
      ...more,
    });
    await world.must("PUT", "/v1/catalog", {
      plans: [
        plan("small", 74_300),
        plan("large", 148_600),
        plan("small_daily", 31_000, { proration_unit: "day" }),
        plan("large_daily", 62_000, { proration_unit: "day" }),
        { key: "daily", name: "Daily", currency: "usd", interval: "day", prices: [{ key: "base", type: "flat", amount: 100 }] },
      ],
    });
  });
  afterAll(() => world.close());

  async function newcomer(id: string, timeZone: string, now: string, body: object, currency = "usd") {
    const clock = await world.clock(now);
    await world.must("PUT", `/v1/tenants/${id}`, { currency, time_zone: timeZone, test_clock: clock.id });
    const tenant = tenantOf(world, id);
    await tenant.start(body);
    return { tenant, clock };
  }
  const starts = async (tenant: ReturnType<typeof tenantOf>) =>
    (await tenant.invoices()).map((invoice) => invoice.lines.at(-1).period_start);

  it("New York: from midnight to midnight, over an hour that is missing and one that is there twice", async () => {
    const { tenant, clock } = await newcomer("ny", "America/New_York", "2026-02-01T05:00:00Z", { plan: "small" });
    await clock.to("2026-12-01T05:00:00Z");
    expect(await starts(tenant)).toEqual([
      "2026-02-01T05:00:00Z",
      "2026-03-01T05:00:00Z",
      "2026-04-01T04:00:00Z",
      "2026-05-01T04:00:00Z",
      "2026-06-01T04:00:00Z",
      "2026-07-01T04:00:00Z",
      "2026-08-01T04:00:00Z",
      "2026-09-01T04:00:00Z",
      "2026-10-01T04:00:00Z",
      "2026-11-01T04:00:00Z",
      "2026-12-01T05:00:00Z",
    ]);
  });

  it("New York: a change by the second shares the 743 hours of March", async () => {
    const { tenant, clock } = await newcomer("ny-second", "America/New_York", "2026-03-01T05:00:00Z", { plan: "small" });
    await clock.to("2026-03-09T04:00:00Z");
    await tenant.step("plan", { plan: "large" });
    // 191 hours were served: one of the eight days before had 23.
    expect(linesOf((await tenant.invoices()).at(-1))).toEqual([
      ["credit", "base", -55_200],
      ["flat", "base", 110_400],
    ]);
  });

  it("New York: a change by the day counts 31 of them, whatever their length", async () => {
    const { tenant, clock } = await newcomer("ny-day", "America/New_York", "2026-03-01T05:00:00Z", { plan: "small_daily" });
    await clock.to("2026-03-09T20:00:00Z");
    await tenant.step("plan", { plan: "large_daily" });
    expect(linesOf((await tenant.invoices()).at(-1))).toEqual([
      ["credit", "base", -23_000],
      ["flat", "base", 46_000],
    ]);
  });

  it("New York: a daily period at an hour that is skipped begins at the first instant after it, and goes on", async () => {
    const { tenant, clock } = await newcomer("ny-skipped", "America/New_York", "2026-03-06T07:30:00Z", { plan: "daily" });
    await clock.to("2026-03-10T12:00:00Z");
    // 2.30 in the morning: on the 8th there is none.
    expect(await starts(tenant)).toEqual([
      "2026-03-06T07:30:00Z",
      "2026-03-07T07:30:00Z",
      "2026-03-08T07:00:00Z",
      "2026-03-09T06:30:00Z",
      "2026-03-10T06:30:00Z",
    ]);
  });

  it("Kolkata: half an hour off, the same all year", async () => {
    const { tenant, clock } = await newcomer(
      "kolkata",
      "Asia/Kolkata",
      "2026-02-28T18:30:00Z",
      { plan: "small", alignment: "calendar" },
      "inr",
    );
    await clock.to("2026-05-01T00:00:00Z");
    expect(await starts(tenant)).toEqual(["2026-02-28T18:30:00Z", "2026-03-31T18:30:00Z", "2026-04-30T18:30:00Z"]);
    expect((await tenant.invoices()).map((invoice) => [invoice.currency, invoice.total])).toEqual(Array(3).fill(["inr", 74_300]));
  });
});
