/** A trial: announced three days before its end, then paid for; or left in time. One a tenant and plan. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createWorld, type World } from "../world.ts";
import { COLLECTED, ISSUED, linesOf, tenantOf } from "./tenant.ts";

const flat = (amount: number) => [{ key: "base", type: "flat", amount }];
const CATALOG = {
  plans: [
    { key: "free", name: "Free", currency: "usd", interval: "month", default: true, prices: [] },
    { key: "pro", name: "Pro", currency: "usd", interval: "month", trial_days: 14, prices: flat(2_900) },
    { key: "max", name: "Max", currency: "usd", interval: "year", trial_days: 7, prices: flat(99_000) },
  ],
};

describe("a trial", () => {
  let world: World;
  let clock: Awaited<ReturnType<World["clock"]>>;

  beforeAll(async () => {
    world = await createWorld();
    await world.must("PUT", "/v1/catalog", CATALOG);
  });
  afterAll(() => world.close());

  async function newcomer(id: string) {
    clock = await world.clock("2026-01-01T00:00:00Z");
    await world.must("PUT", `/v1/tenants/${id}`, { currency: "usd", test_clock: clock.id });
    const tenant = tenantOf(world, id);
    await tenant.news();
    return tenant;
  }

  it("is announced once, ends in the first invoice, and counts periods from there", async () => {
    const acme = await newcomer("acme");
    expect(await acme.subscription()).toMatchObject({ status: "none", plan: "free" });
    expect(await acme.start({ plan: "pro" })).toMatchObject({ status: "trialing", trial_end: "2026-01-15T00:00:00Z" });
    expect(await acme.news()).toEqual(["subscription.started"]);
    expect(await acme.upcoming()).toMatchObject({ total: 2_900, period_start: "2026-01-15T00:00:00Z" });

    await clock.to("2026-01-11T23:59:59Z");
    expect(await acme.news()).toEqual([]);
    await clock.to("2026-01-14T00:00:00Z");
    expect(await acme.news()).toEqual(["subscription.trial_ending"]);
    await clock.to("2026-01-20T00:00:00Z");
    expect(await acme.news()).toEqual(["subscription.trial_ended", ...ISSUED, ...COLLECTED]);
    expect(await acme.subscription()).toMatchObject({
      status: "active",
      current_period_start: "2026-01-15T00:00:00Z",
      current_period_end: "2026-02-15T00:00:00Z",
    });
    const [first] = await acme.invoices();
    expect(first).toMatchObject({ reason: "start", total: 2_900, status: "paid" });
  });

  it("that is canceled in time is never paid, and the plan gives no second one", async () => {
    const leaver = await newcomer("leaver");
    await leaver.start({ plan: "pro" });
    expect((await leaver.step("cancel", { when: "period_end", reason: "too dear" })).body).toMatchObject({
      status: "trialing",
      cancel_at: "2026-01-15T00:00:00Z",
      cancel_reason: "too dear",
    });
    await clock.to("2026-01-20T00:00:00Z");
    expect(await leaver.news()).toEqual(["subscription.started", "subscription.updated", "subscription.canceled"]);
    expect(await leaver.invoices()).toEqual([]);
    expect(await leaver.subscription()).toMatchObject({ status: "canceled", ended_at: "2026-01-15T00:00:00Z" });
    // Another plan has a trial of its own, and the same plan none any more.
    expect(await leaver.start({ plan: "pro" })).toMatchObject({ status: "active", trial_end: null });
    expect((await leaver.invoices()).map((invoice) => invoice.total)).toEqual([2_900]);
  });

  it("canceled at once ends at once, with nothing to pay", async () => {
    const quick = await newcomer("quick");
    await quick.start({ plan: "pro" });
    expect((await quick.step("cancel", { when: "now" })).body).toMatchObject({ status: "canceled", ended_at: "2026-01-01T00:00:00Z" });
    expect(await quick.news()).toEqual(["subscription.started", "subscription.canceled"]);
    expect(await quick.invoices()).toEqual([]);
  });

  it("goes on under another plan, which is then that plan's trial too", async () => {
    const mover = await newcomer("mover");
    await mover.start({ plan: "pro" });
    await clock.to("2026-01-05T00:00:00Z");
    expect((await mover.step("plan", { plan: "max" })).body).toMatchObject({
      plan: "max",
      status: "trialing",
      trial_end: "2026-01-15T00:00:00Z",
    });
    await clock.to("2026-01-16T00:00:00Z");
    expect(await mover.news()).toEqual([
      "subscription.started",
      "subscription.plan_changed",
      "subscription.trial_ending",
      "subscription.trial_ended",
      ...ISSUED,
      ...COLLECTED,
    ]);
    expect((await mover.invoices()).map(linesOf)).toEqual([[["flat", "base", 99_000]]]);
    expect(await mover.subscription()).toMatchObject({ current_period_end: "2027-01-15T00:00:00Z" });
    await mover.step("cancel", { when: "now" });
    expect(await mover.start({ plan: "max" })).toMatchObject({ status: "active", trial_end: null });
  });

  it("ends where the tenant turns to a plan whose trial it has had", async () => {
    const returner = await newcomer("returner");
    await returner.start({ plan: "pro" });
    await returner.step("cancel", { when: "now" });
    await returner.start({ plan: "max" });
    await clock.to("2026-01-03T00:00:00Z");
    await returner.news();
    expect((await returner.step("plan", { plan: "pro" })).body).toMatchObject({
      plan: "pro",
      status: "active",
      current_period_start: "2026-01-03T00:00:00Z",
      current_period_end: "2026-02-03T00:00:00Z",
    });
    expect(await returner.news()).toEqual(["subscription.trial_ended", "subscription.plan_changed", ...ISSUED]);
  });

  it("that is not to be renewed expires with its end", async () => {
    const once = await newcomer("once");
    await once.start({ plan: "pro", auto_renew: false });
    await clock.to("2026-02-01T00:00:00Z");
    expect(await once.news()).toEqual(["subscription.started", "subscription.expired"]);
  });

  it("lesson 25: a start says what it is, and an arranged one becomes that in its time", async () => {
    const later = await newcomer("later");
    expect(await later.start({ plan: "pro", start_at: "2026-02-01T00:00:00Z" })).toMatchObject({ status: "incomplete" });
    expect((await later.step("pause")).body).toMatchObject({ code: "invalid_state", state: "incomplete" });
    await clock.to("2026-02-02T00:00:00Z");
    expect(await later.subscription()).toMatchObject({ status: "trialing", trial_end: "2026-02-15T00:00:00Z" });
    await clock.to("2026-02-16T00:00:00Z");
    expect(await later.news()).toEqual([
      "subscription.started",
      "subscription.updated",
      "subscription.trial_ending",
      "subscription.trial_ended",
      ...ISSUED,
      ...COLLECTED,
    ]);
    const never = await newcomer("never");
    await never.start({ plan: "pro", start_at: "2026-02-01T00:00:00Z" });
    expect((await never.step("cancel")).body).toMatchObject({ status: "expired" });
    expect(await never.start({ plan: "pro" })).toMatchObject({ status: "trialing" });
  });
});
