/** Another interval: at once, with a new period from the change on, or when the paid one ends. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createWorld, type World } from "../world.ts";
import { COLLECTED, ISSUED, linesOf, SETTLED, tenantOf } from "./tenant.ts";

const prices = (amount: number) => [
  { key: "base", type: "flat", amount },
  { key: "calls", type: "usage", meter: "calls", unit_amount: "10" },
];

describe("yearly to monthly and back", () => {
  let world: World;
  let clock: Awaited<ReturnType<World["clock"]>>;

  beforeAll(async () => {
    world = await createWorld();
    await world.must("PUT", "/v1/catalog", {
      meters: [{ key: "calls", event: "call", aggregation: "sum" }],
      plans: [
        { key: "monthly", name: "Monthly", group: "pro", currency: "usd", interval: "month", prices: prices(1_000) },
        { key: "yearly", name: "Yearly", group: "pro", currency: "usd", interval: "year", prices: prices(7_300) },
        { key: "monthly_bound", name: "M", currency: "usd", interval: "month", minimum_commitment: 5_000, prices: prices(1_000) },
        { key: "yearly_bound", name: "Y", currency: "usd", interval: "year", minimum_commitment: 20_000, prices: prices(7_300) },
      ],
    });
  });
  afterAll(() => world.close());

  async function newcomer(id: string, plan: string) {
    clock = await world.clock("2026-01-01T00:00:00Z");
    await world.must("PUT", `/v1/tenants/${id}`, { currency: "usd", test_clock: clock.id });
    const tenant = tenantOf(world, id);
    await tenant.start({ plan });
    await clock.to("2026-01-01T00:00:00Z");
    await tenant.news();
    return tenant;
  }

  it("auto waits for the year's end; from then on months are counted from there", async () => {
    const waits = await newcomer("waits", "yearly");
    expect((await waits.step("plan", { plan: "monthly", when: "auto" })).body).toMatchObject({
      plan: "yearly",
      scheduled_change: { plan: "monthly", effective_at: "2027-01-01T00:00:00Z" },
    });
    expect((await waits.upcoming()).total).toBe(1_000);
    await clock.to("2027-02-01T00:00:00Z");
    expect(await waits.news()).toEqual([
      "subscription.updated",
      ...ISSUED,
      "subscription.renewed",
      "subscription.plan_changed",
      ...COLLECTED,
      ...ISSUED,
      "subscription.renewed",
      ...COLLECTED,
    ]);
    expect(await waits.subscription()).toMatchObject({
      plan: "monthly",
      billing_anchor: "2027-01-01T00:00:00Z",
      current_period_end: "2027-03-01T00:00:00Z",
    });
    expect((await waits.invoices()).map((invoice) => invoice.total)).toEqual([7_300, 1_000, 1_000]);
  });

  it("now gives the rest of the year back; months are paid from the balance until it is used up", async () => {
    const now = await newcomer("now", "yearly");
    await clock.to("2026-12-02T00:00:00Z");
    await world.must("POST", "/v1/usage", { tenant_id: "now", event: "call", amount: 7, at: "2026-12-01T12:00:00Z", idempotency_key: "1" });
    const dry = await now.step("plan", { plan: "monthly", when: "now", dry_run: true });
    await now.step("plan", { plan: "monthly", when: "now" });
    const change = (await now.invoices()).at(-1);
    expect(linesOf(change)).toEqual([
      ["credit", "base", -600],
      ["usage", "calls", 70],
      ["flat", "base", 1_000],
    ]);
    expect(linesOf(dry.body)).toEqual(linesOf(change));
    expect(change).toMatchObject({
      reason: "change",
      total: 470,
      period_start: "2026-12-02T00:00:00Z",
      period_end: "2027-01-02T00:00:00Z",
    });
    await clock.to("2027-01-02T00:00:00Z");
    expect(await now.news()).toEqual([
      "subscription.plan_changed",
      ...ISSUED,
      ...COLLECTED,
      ...ISSUED,
      "subscription.renewed",
      ...COLLECTED,
    ]);
    // What comes late for the year that was cut is billed as that year was.
    await world.must("POST", "/v1/usage", { tenant_id: "now", event: "call", amount: 1, at: "2026-12-01T00:00:00Z", idempotency_key: "2" });
    await clock.to("2027-02-02T00:00:00Z");
    const late = (await now.invoices()).at(-1).lines.filter((line: { period_end: string }) => line.period_end === "2026-12-02T00:00:00Z");
    expect(late).toMatchObject([{ price: "calls", amount: 10, period_start: "2026-01-01T00:00:00Z" }]);
  });

  it("now, early in the year, leaves a balance", async () => {
    const early = await newcomer("early", "yearly");
    await clock.to("2026-01-11T00:00:00Z");
    await early.step("plan", { plan: "monthly", when: "now" });
    expect(await early.balance()).toBe(7_100 - 1_000);
    expect(await early.news()).toEqual(["subscription.plan_changed", ...SETTLED]);
    await clock.to("2026-03-11T00:00:00Z");
    expect(await early.balance()).toBe(4_100);
    expect((await early.invoices()).slice(2).map((invoice) => [invoice.total, invoice.balance_applied, invoice.status])).toEqual([
      [1_000, 1_000, "paid"],
      [1_000, 1_000, "paid"],
    ]);
  });

  it("at the very instant of the start costs what the other plan costs", async () => {
    const changed = await newcomer("changed", "monthly");
    await changed.step("plan", { plan: "yearly", when: "now" });
    await changed.step("plan", { plan: "monthly", when: "now" });
    await changed.step("plan", { plan: "yearly", when: "now" });
    const totals = (await changed.invoices()).map((invoice) => invoice.total);
    expect(totals.reduce((sum, total) => sum + total, 0)).toBe(7_300);
    await clock.to("2027-01-01T00:00:00Z");
    expect((await changed.invoices()).at(-1)).toMatchObject({ total: 7_300, reason: "period" });
  });

  it.each([
    ["monthly_bound", "yearly_bound", "invoice_now", "2027-01-01T00:00:00Z", 12_700],
    ["yearly_bound", "monthly_bound", "invoice_now", "2026-02-01T00:00:00Z", 4_000],
    ["monthly_bound", "yearly_bound", "none", "2027-01-01T00:00:00Z", 12_700],
    ["yearly_bound", "monthly_bound", "none", "2026-02-01T00:00:00Z", 4_000],
  ])(
    "a minimum is not reached by what was sold before, at the very instant of the start: %s to %s, %s",
    async (from, to, proration, end, lacks) => {
      const bound = await newcomer(`${from}-${proration}`, from);
      await bound.step("plan", { plan: to, when: "now", proration });
      await clock.to(end);
      const last = (await bound.invoices()).at(-1);
      expect(linesOf(last).filter(([kind]) => kind === "commitment")).toEqual([["commitment", null, lacks]]);
    },
  );
});
