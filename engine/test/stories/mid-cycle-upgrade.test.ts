/** A plan changes in the middle of a period: what is given back, what is charged, and when. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createWorld, type World } from "../world.ts";
import { COLLECTED, ISSUED, linesOf, tenantOf } from "./tenant.ts";

const CATALOG = {
  meters: [
    { key: "calls", event: "call", aggregation: "sum" },
    { key: "storage", event: "stored", aggregation: "max" },
  ],
  plans: [
    { key: "small", name: "Small", currency: "usd", interval: "month", prices: [{ key: "base", type: "flat", amount: 1_000 }] },
    { key: "large", name: "Large", currency: "usd", interval: "month", prices: [{ key: "base", type: "flat", amount: 3_252 }] },
    { key: "round", name: "Round", currency: "usd", interval: "month", prices: [{ key: "base", type: "flat", amount: 4_000 }] },
    {
      key: "metered",
      name: "Metered",
      currency: "usd",
      interval: "month",
      prices: [
        { key: "calls", type: "usage", meter: "calls", unit_amount: "10", included: 30 },
        { key: "storage", type: "usage", meter: "storage", unit_amount: "60" },
      ],
    },
    {
      key: "metered_plus",
      name: "Metered plus",
      currency: "usd",
      interval: "month",
      minimum_commitment: 3_000,
      prices: [
        { key: "calls", type: "usage", meter: "calls", unit_amount: "5", included: 60 },
        { key: "storage", type: "usage", meter: "storage", unit_amount: "30" },
        { key: "desk", type: "flat", amount: 600, timing: "in_arrears" },
      ],
    },
  ],
};

describe("an upgrade within a period", () => {
  let world: World;
  let clock: Awaited<ReturnType<World["clock"]>>;

  beforeAll(async () => {
    world = await createWorld();
    await world.must("PUT", "/v1/catalog", CATALOG);
  });
  afterAll(() => world.close());

  async function newcomer(id: string, now: string, plan: string) {
    clock = await world.clock(now);
    await world.must("PUT", `/v1/tenants/${id}`, { currency: "usd", test_clock: clock.id });
    const tenant = tenantOf(world, id);
    await tenant.start({ plan });
    await tenant.news();
    return tenant;
  }

  // The figures of Stripe's documentation: -166 and +541, and 3627 with the next period.
  it("credits the unused time at the old price and charges the rest at the new one", async () => {
    const acme = await newcomer("acme", "2020-08-06T21:28:08Z", "small");
    await clock.to("2020-09-01T17:42:28Z");
    await acme.news();
    const preview = await acme.upcoming({ plan: "large" });
    expect(linesOf(preview)).toEqual([
      ["credit", "base", -166],
      ["flat", "base", 541],
      ["flat", "base", 3_252],
    ]);
    expect(preview.total).toBe(3_627);

    const dry = await acme.step("plan", { plan: "large", dry_run: true });
    expect(dry.body).toMatchObject({ dry_run: true, plan: "large", when: "now", effective_at: "2020-09-01T17:42:28Z", total: 375 });
    expect([await acme.news(), (await acme.subscription()).plan]).toEqual([[], "small"]);

    const answer = await acme.step("plan", { plan: "large" });
    expect(answer.body).toMatchObject({ plan: "large", status: "active", current_period_end: "2020-09-06T21:28:08Z" });
    const invoice = (await acme.invoices()).at(-1);
    expect(invoice).toMatchObject({
      reason: "change",
      total: 375,
      period_start: "2020-09-01T17:42:28Z",
      period_end: "2020-09-06T21:28:08Z",
    });
    expect(invoice.lines.map((line: object) => ({ ...line, id: null }))).toEqual(dry.body.lines);
    expect(invoice.lines.map((line: { plan: string }) => line.plan)).toEqual(["small", "large"]);
    await clock.to("2020-09-06T21:28:08Z");
    expect(await acme.news()).toEqual([
      "subscription.plan_changed",
      ...ISSUED,
      ...COLLECTED,
      ...ISSUED,
      "subscription.renewed",
      ...COLLECTED,
    ]);
    expect((await acme.invoices()).map((each) => each.total)).toEqual([1_000, 375, 3_252]);
  });

  it("lets the next invoice have it, exactly once", async () => {
    const later = await newcomer("later", "2026-04-01T00:00:00Z", "small");
    await clock.to("2026-04-16T00:00:00Z");
    await later.news();
    await later.step("plan", { plan: "round", proration: "next_invoice" });
    expect(await later.news()).toEqual(["subscription.plan_changed"]);
    expect((await later.upcoming()).total).toBe(-500 + 2_000 + 4_000);
    await clock.to("2026-06-01T00:00:00Z");
    expect((await later.invoices()).map(linesOf)).toEqual([
      [["flat", "base", 1_000]],
      [
        ["credit", "base", -500],
        ["flat", "base", 2_000],
        ["flat", "base", 4_000],
      ],
      [["flat", "base", 4_000]],
    ]);
  });

  it("without proration bills nothing before the next period", async () => {
    const none = await newcomer("none", "2026-04-01T00:00:00Z", "small");
    await clock.to("2026-04-16T00:00:00Z");
    await none.step("plan", { plan: "round", proration: "none" });
    expect((await none.subscription()).plan).toBe("round");
    // What is given back afterwards is what was sold: a small plan, not the round one.
    await clock.to("2026-04-22T00:00:00Z");
    await none.step("plan", { plan: "large" });
    expect(linesOf((await none.invoices()).at(-1))).toEqual([
      ["credit", "base", -300],
      ["flat", "base", 976],
    ]);
    await clock.to("2026-05-01T00:00:00Z");
    expect((await none.invoices()).at(-1).total).toBe(3_252);
  });

  it("lesson 27: says itself when it happens; auto is now only where the price is higher", async () => {
    const auto = await newcomer("auto", "2026-04-01T00:00:00Z", "small");
    const plan = (name: string, body: object) => auto.step("plan", { plan: name, ...body }).then((answer) => answer.body);
    expect((await plan("round", { when: "auto", dry_run: true })).when).toBe("now");
    expect((await plan("metered", { when: "auto", dry_run: true })).when).toBe("period_end");
    expect((await plan("metered", { when: "now", dry_run: true })).when).toBe("now");
    expect((await plan("round", { when: "period_end", dry_run: true })).when).toBe("period_end");
    expect((await plan("small", { when: "auto", dry_run: true })).lines).toEqual([]);
    expect((await auto.step("plan", { plan: "nope" })).body).toMatchObject({ status: 404, code: "plan_not_found" });
  });

  it("lesson 33: two changes of one instant both count, and the second stands", async () => {
    const twice = await newcomer("twice", "2026-04-01T00:00:00Z", "small");
    await clock.to("2026-04-16T00:00:00Z");
    await twice.step("plan", { plan: "large" });
    await twice.step("plan", { plan: "round" });
    const totals = (await twice.invoices()).map((invoice) => invoice.total);
    expect(totals.reduce((sum, total) => sum + total, 0)).toBe(500 + 2_000);
  });

  it("bills usage of each part under the plan that was in force, with its part of what is free", async () => {
    const used = await newcomer("used", "2026-04-01T00:00:00Z", "metered");
    const event = (name: string, amount: number, at: string) =>
      world.must("POST", "/v1/usage", { tenant_id: "used", event: name, amount, at, idempotency_key: `${name} ${at}` });
    await clock.to("2026-04-11T00:00:00Z");
    await event("call", 100, "2026-04-02T00:00:00Z");
    await event("stored", 10, "2026-04-03T00:00:00Z");
    await used.step("plan", { plan: "metered_plus" });
    await event("call", 100, "2026-04-11T00:00:00Z");
    await clock.to("2026-04-12T00:00:00Z");
    await event("stored", 20, "2026-04-12T00:00:00Z");
    await clock.to("2026-05-02T00:00:00Z");
    const closing = (await used.invoices()).at(-1);
    // A third of the month: 10 calls free, 90 × 10; a level of 10 × 60, a third of it. Then 40 free and 60 × 5; 20 × 30, two thirds.
    expect(closing.lines.map((line: Record<string, unknown>) => [line.price, line.amount, line.period_start, line.period_end])).toEqual([
      ["desk", 400, "2026-04-11T00:00:00Z", "2026-05-01T00:00:00Z"],
      ["calls", 900, "2026-04-01T00:00:00Z", "2026-04-11T00:00:00Z"],
      ["storage", 200, "2026-04-01T00:00:00Z", "2026-04-11T00:00:00Z"],
      ["calls", 300, "2026-04-11T00:00:00Z", "2026-05-01T00:00:00Z"],
      ["storage", 400, "2026-04-11T00:00:00Z", "2026-05-01T00:00:00Z"],
    ]);
    // The commitment of 2,000 for two thirds of the month was met by 2,200.
    expect(closing.total).toBe(2_200);
    // What comes late for the first part is billed as that part was.
    await event("call", 1, "2026-04-05T00:00:00Z");
    await clock.to("2026-06-01T00:00:00Z");
    const late = (await used.invoices())
      .at(-1)
      .lines.find((line: { period_start: string }) => line.period_start === "2026-04-01T00:00:00Z");
    expect(late).toMatchObject({ price: "calls", amount: 10, quantity: 101, period_end: "2026-04-11T00:00:00Z" });
  });
});
