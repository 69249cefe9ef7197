/** A pause: no charges while it lasts; afterwards a new period, less what was paid and not served. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createWorld, type World } from "../world.ts";
import { COLLECTED, ISSUED, linesOf, SETTLED, tenantOf } from "./tenant.ts";

const prices = (amount: number) => [
  { key: "base", type: "flat", amount },
  { key: "calls", type: "usage", meter: "calls", unit_amount: "10", included: 30 },
];

describe("pause and resume", () => {
  let world: World;
  let clock: Awaited<ReturnType<World["clock"]>>;

  beforeAll(async () => {
    world = await createWorld();
    await world.must("PUT", "/v1/catalog", {
      meters: [{ key: "calls", event: "call", aggregation: "sum" }],
      plans: [
        { key: "pro", name: "Pro", currency: "usd", interval: "month", prices: prices(3_000) },
        { key: "yearly", name: "Yearly", currency: "usd", interval: "year", prices: prices(36_500) },
        { key: "tried", name: "Tried", currency: "usd", interval: "month", trial_days: 14, prices: prices(3_000) },
      ],
    });
  });
  afterAll(() => world.close());

  async function newcomer(id: string, plan: string, now = "2026-04-01T00:00:00Z") {
    clock = await world.clock(now);
    await world.must("PUT", `/v1/tenants/${id}`, { currency: "usd", test_clock: clock.id });
    const tenant = tenantOf(world, id);
    await tenant.start({ plan });
    await clock.to(now);
    await tenant.news();
    return tenant;
  }
  const call = (id: string, amount: number, at: string) =>
    world.must("POST", "/v1/usage", { tenant_id: id, event: "call", amount, at, idempotency_key: `${id} ${amount}` });

  it("stops charges, also past the end of the period, and gives back what was not served", async () => {
    const acme = await newcomer("acme", "pro");
    await clock.to("2026-04-11T00:00:00Z");
    await call("acme", 40, "2026-04-10T23:59:59Z");
    const paused = await acme.step("pause");
    expect(paused.body).toMatchObject({ status: "paused", pause: { paused_at: "2026-04-11T00:00:00Z", resumes_at: null } });
    expect((await acme.step("plan", { plan: "yearly" })).body).toMatchObject({ code: "invalid_state", state: "paused" });
    expect((await acme.patch({ seats: 2 })).body).toMatchObject({ code: "invalid_state", state: "paused" });
    expect((await acme.step("pause")).body).toMatchObject({ status: 409, code: "invalid_state", state: "paused" });
    await clock.to("2026-06-10T00:00:00Z");
    expect(await acme.news()).toEqual(["subscription.paused"]);
    await call("acme", 400, "2026-06-09T23:59:59Z");
    await call("acme", 500, "2026-06-10T00:00:00Z");

    expect((await acme.step("resume")).body).toMatchObject({
      status: "active",
      pause: null,
      billing_anchor: "2026-06-10T00:00:00Z",
      current_period_start: "2026-06-10T00:00:00Z",
      current_period_end: "2026-07-10T00:00:00Z",
    });
    expect(await acme.news()).toEqual(["subscription.resumed", ...ISSUED]);
    // Two thirds of April given back; of the third that was served, 10 of the 30 free calls; what was used in the pause is not billed.
    expect(linesOf((await acme.invoices()).at(-1))).toEqual([
      ["credit", "base", -2_000],
      ["usage", "calls", 300],
      ["flat", "base", 3_000],
    ]);
    await clock.to("2026-07-10T00:00:00Z");
    expect(await acme.news()).toEqual([...COLLECTED, ...ISSUED, "subscription.renewed", ...COLLECTED]);
    // 500 calls were made at the resume instant, which belongs to the new period.
    expect((await acme.invoices()).at(-1).total).toBe(4_700 + 3_000);
  });

  it("what was used from the very instant of the pause until the resume is billed by nobody, and said", async () => {
    const edge = await newcomer("edge", "pro");
    await clock.to("2026-04-11T00:00:00Z");
    await call("edge", 33, "2026-04-10T23:59:59.999Z");
    await call("edge", 100, "2026-04-11T00:00:00Z");
    await edge.step("pause");
    await clock.to("2026-04-21T00:00:00Z");
    await call("edge", 7, "2026-04-20T23:59:59.999Z");
    await call("edge", 90, "2026-04-21T00:00:00Z");
    await edge.step("resume");
    const { items } = await world.must("GET", `${edge.url}/events?limit=100`);
    const resumed = items.find((event: { type: string }) => event.type === "subscription.resumed");
    expect(resumed.summary).toMatch(/Used in the pause and not billed: 107 of calls\.$/);
    expect(resumed.data.unserved_usage).toEqual([{ meter: "calls", quantity: "107", events: 2 }]);
    // It is kept, and shown with what was used.
    const used = await world.must(
      "GET",
      `${edge.url}/usage?meter=calls&granularity=total&from=${"2026-04-01T00:00:00Z"}&to=2026-04-21T00:00:00Z`,
    );
    expect(used.items[0].value).toBe(140);
    await clock.to("2026-05-21T00:00:00Z");
    // 33 calls less a third of the free ones, then 90 less all of them.
    expect((await edge.invoices()).flatMap(linesOf).filter(([kind]) => kind === "usage")).toEqual([
      ["usage", "calls", 230],
      ["usage", "calls", 600],
    ]);
  });

  it("what came in late of the time before a pause is on the next invoice", async () => {
    const tardy = await newcomer("tardy", "pro");
    await clock.to("2026-04-11T00:00:00Z");
    await tardy.step("pause");
    await clock.to("2026-04-21T00:00:00Z");
    await tardy.step("resume");
    await call("tardy", 12, "2026-04-10T23:59:59.999Z");
    await clock.to("2026-05-21T00:00:00Z");
    expect((await tardy.invoices()).at(-1).lines).toContainEqual(
      expect.objectContaining({ kind: "usage", amount: 20, period_start: "2026-04-01T00:00:00Z", period_end: "2026-04-11T00:00:00Z" }),
    );
  });

  it("whoever comes back at the instant at which a pause ended for good is billed for that instant", async () => {
    const back = await newcomer("back", "pro");
    await clock.to("2026-04-11T00:00:00Z");
    await back.step("pause");
    await clock.to("2026-04-21T00:00:00Z");
    await call("back", 50, "2026-04-21T00:00:00Z");
    await back.step("cancel", { when: "now" });
    await back.start({ plan: "pro" });
    await clock.to("2026-05-21T00:00:00Z");
    expect((await back.invoices()).at(-1)).toMatchObject({ total: 3_200 });
  });

  it("resumes by itself on its date, to the second", async () => {
    const until = await newcomer("until", "pro");
    await clock.to("2026-04-16T00:00:00Z");
    expect((await until.step("pause", { resumes_at: "2026-04-15T00:00:00Z" })).status).toBe(422);
    await until.step("pause", { resumes_at: "2026-04-20T12:00:00Z" });
    await clock.to("2026-04-25T00:00:00Z");
    expect(await until.subscription()).toMatchObject({ status: "active", current_period_start: "2026-04-20T12:00:00Z" });
    expect(await until.news()).toEqual(["subscription.paused", "subscription.resumed", ...ISSUED, ...COLLECTED]);
    expect((await until.invoices()).at(-1).total).toBe(3_000 - 1_500);
  });

  it("of a year gives more back than the next one costs only where it is cheaper", async () => {
    const year = await newcomer("year", "yearly");
    await clock.to("2026-04-11T00:00:00Z");
    await year.step("plan", { plan: "pro", when: "period_end" });
    await year.step("pause");
    await clock.to("2026-04-21T00:00:00Z");
    await year.news();
    // The period has ended with the pause: what was arranged for its end holds from the resume on.
    expect((await year.step("resume")).body).toMatchObject({ plan: "pro", current_period_end: "2026-05-21T00:00:00Z" });
    expect(await year.news()).toEqual(["subscription.resumed", "subscription.plan_changed", ...SETTLED]);
    expect(linesOf((await year.invoices()).at(-1))).toEqual([
      ["credit", "base", -35_500],
      ["usage", "calls", 0],
      ["flat", "base", 3_000],
    ]);
    expect(await year.balance()).toBe(32_500);
  });

  it("in a trial ends the trial: the resume begins what is paid", async () => {
    const tried = await newcomer("tried", "tried");
    await clock.to("2026-04-04T00:00:00Z");
    await tried.step("pause");
    await clock.to("2026-05-01T00:00:00Z");
    expect((await tried.step("resume")).body).toMatchObject({ status: "active", trial_end: "2026-04-04T00:00:00Z" });
    expect((await tried.invoices()).map(linesOf)).toEqual([[["flat", "base", 3_000]]]);
  });

  it("can be canceled in it: at once, or when the paid period ends", async () => {
    const quits = await newcomer("quits", "pro");
    await clock.to("2026-04-16T00:00:00Z");
    await quits.step("pause", { resumes_at: "2026-06-01T00:00:00Z" });
    expect((await quits.step("cancel", { when: "period_end" })).body).toMatchObject({
      status: "paused",
      cancel_at: "2026-05-01T00:00:00Z",
    });
    expect((await quits.step("resume")).body).toMatchObject({ code: "invalid_state", state: "paused" });
    await quits.news();
    await clock.to("2026-07-01T00:00:00Z");
    expect(await quits.news()).toEqual(["subscription.canceled", ...SETTLED]);
    expect(await quits.subscription()).toMatchObject({ status: "canceled", ended_at: "2026-05-01T00:00:00Z" });

    const refunded = await newcomer("refunded", "pro");
    await clock.to("2026-04-16T00:00:00Z");
    await refunded.step("pause");
    await clock.to("2026-06-16T00:00:00Z");
    await refunded.step("cancel", { when: "now", refund_unused: true });
    expect((await refunded.invoices())[0]).toMatchObject({ total: 3_000, amount_credited: 1_500, amount_refunded: 1_500 });
    expect(await refunded.balance()).toBe(0);
  });
});
