/** The end of a subscription: at once or with its period, given back or not, taken back in time; and a new start after it. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createWorld, type World } from "../world.ts";
import { COLLECTED, ISSUED, linesOf, SETTLED, tenantOf } from "./tenant.ts";

describe("cancel and revoke", () => {
  let world: World;
  let clock: Awaited<ReturnType<World["clock"]>>;

  beforeAll(async () => {
    world = await createWorld();
    await world.must("PUT", "/v1/catalog", {
      meters: [{ key: "calls", event: "call", aggregation: "sum" }],
      plans: [
        { key: "free", name: "Free", currency: "usd", interval: "month", default: true, prices: [] },
        {
          key: "pro",
          name: "Pro",
          currency: "usd",
          interval: "month",
          prices: [
            { key: "base", type: "flat", amount: 3_000 },
            { key: "calls", type: "usage", meter: "calls", unit_amount: "10", included: 30 },
          ],
        },
      ],
    });
  });
  afterAll(() => world.close());

  async function newcomer(id: string) {
    clock = await world.clock("2026-04-01T00:00:00Z");
    await world.must("PUT", `/v1/tenants/${id}`, { currency: "usd", test_clock: clock.id });
    const tenant = tenantOf(world, id);
    await tenant.start({ plan: "pro" });
    await clock.to("2026-04-11T00:00:00Z");
    await world.must("POST", "/v1/usage", { tenant_id: id, event: "call", amount: 50, idempotency_key: id });
    await tenant.news();
    return tenant;
  }

  it("keeps access until the end of the period, and can be taken back until then", async () => {
    const acme = await newcomer("acme");
    expect((await acme.step("cancel", { reason: "leaving" })).body).toMatchObject({
      status: "active",
      cancel_at: "2026-05-01T00:00:00Z",
      canceled_at: "2026-04-11T00:00:00Z",
      cancel_reason: "leaving",
    });
    expect((await acme.step("pause")).body).toMatchObject({ code: "invalid_state", state: "active" });
    // Only what was used is coming.
    expect((await acme.upcoming()).total).toBe(200);
    expect((await acme.step("revoke-cancellation")).body).toMatchObject({ cancel_at: null, canceled_at: null, cancel_reason: null });
    expect((await acme.step("revoke-cancellation")).body).toMatchObject({ status: 409, code: "invalid_state" });
    expect((await acme.upcoming()).total).toBe(3_200);
    await clock.to("2026-05-01T00:00:00Z");
    expect(await acme.news()).toEqual(["subscription.updated", "subscription.updated", ...ISSUED, "subscription.renewed", ...COLLECTED]);
    await acme.step("cancel", { when: "period_end" });
    await clock.to("2026-07-01T00:00:00Z");
    expect(await acme.news()).toEqual(["subscription.updated", ...SETTLED, "subscription.canceled"]);
    expect(await acme.subscription()).toMatchObject({ status: "canceled", ended_at: "2026-06-01T00:00:00Z" });
    for (const step of ["revoke-cancellation", "pause", "resume", "cancel"]) {
      expect((await acme.step(step)).body).toMatchObject({ status: 409, code: "invalid_state", state: "canceled" });
    }
  });

  it("at once bills what was used, with all that was free of a period that is not given back", async () => {
    const now = await newcomer("now");
    expect((await now.step("cancel", { when: "now" })).body).toMatchObject({ status: "canceled", ended_at: "2026-04-11T00:00:00Z" });
    const final = (await now.invoices()).at(-1);
    expect(final).toMatchObject({ reason: "final", total: 200, period_start: "2026-04-01T00:00:00Z", period_end: "2026-04-11T00:00:00Z" });
    expect(linesOf(final)).toEqual([["usage", "calls", 200]]);
    await clock.to("2026-08-01T00:00:00Z");
    expect(await now.news()).toEqual(["subscription.canceled", ...ISSUED, ...COLLECTED]);
  });

  it("at once with a refund gives the unused time back, as money where money was paid", async () => {
    const refund = await newcomer("refund");
    expect((await refund.step("cancel", { when: "period_end", refund_unused: true })).status).toBe(422);
    await refund.step("cancel", { when: "now", refund_unused: true });
    const [first, final] = await refund.invoices();
    expect(first).toMatchObject({ status: "paid", total: 3_000, amount_credited: 2_000, amount_refunded: 2_000 });
    // What is free of the period is so in the part that was paid for.
    expect(linesOf(final)).toEqual([["usage", "calls", 400]]);
    expect(await refund.news()).toEqual(["subscription.canceled", "invoice.credited", ...ISSUED]);
    await clock.to("2026-04-12T00:00:00Z");
    expect(await refund.news()).toEqual([...COLLECTED, "payment.refunded"]);
    expect(await refund.balance()).toBe(0);
  });

  it("takes along what waited for the next invoice", async () => {
    const waited = await newcomer("waited");
    await world.must("PUT", "/v1/plans/large", {
      name: "Large",
      currency: "usd",
      interval: "month",
      prices: [{ key: "base", type: "flat", amount: 6_000 }],
    });
    await clock.to("2026-04-11T00:00:01Z");
    await waited.step("plan", { plan: "large", proration: "next_invoice" });
    await waited.step("cancel", { when: "now" });
    expect(linesOf((await waited.invoices()).at(-1))).toEqual([
      ["credit", "base", -2_000],
      ["flat", "base", 4_000],
      ["usage", "calls", 200],
    ]);
  });

  it("lesson 25: a tenant starts anew after an end, and history stays", async () => {
    const again = await newcomer("again");
    expect((await world.post(`${again.url}/subscription`, { plan: "pro" })).body).toMatchObject({
      status: 409,
      code: "already_subscribed",
    });
    const { id } = await again.subscription();
    await again.step("cancel", { when: "now" });
    const second = await again.start({ plan: "pro", seats: 4 });
    expect(second).toMatchObject({ status: "active", seats: 4, current_period_start: "2026-04-11T00:00:00Z" });
    expect(second.id).not.toBe(id);
    expect((await again.invoices()).map((invoice) => [invoice.subscription_id === id, invoice.reason])).toEqual([
      [true, "start"],
      [true, "final"],
      [false, "start"],
    ]);
    // What was used at the instant of the end is on the first one's last invoice, and on no other.
    await clock.to("2026-05-11T00:00:00Z");
    expect((await again.invoices()).at(-1).total).toBe(3_000);
  });

  it("nobody without a subscription has a step to take", async () => {
    await world.must("PUT", "/v1/tenants/nobody", { currency: "usd" });
    const nobody = tenantOf(world, "nobody");
    expect(await nobody.subscription()).toMatchObject({ id: null, status: "none", plan: "free" });
    for (const step of ["cancel", "revoke-cancellation", "pause", "resume"]) {
      expect((await nobody.step(step)).body).toMatchObject({ status: 404, code: "no_subscription" });
    }
    expect((await nobody.patch({ seats: 2 })).body).toMatchObject({ status: 404, code: "no_subscription" });
    expect((await nobody.step("plan", { plan: "pro" })).body).toMatchObject({ status: 404, code: "no_subscription" });
  });
});
