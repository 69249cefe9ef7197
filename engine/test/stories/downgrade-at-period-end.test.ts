/** A smaller plan is arranged for the end of the period; until then it can be replaced or taken back. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createWorld, type World } from "../world.ts";
import { COLLECTED, ISSUED, linesOf, tenantOf } from "./tenant.ts";

const plan = (key: string, amount: number) => ({
  key,
  name: key,
  currency: "usd",
  interval: "month",
  prices: [
    { key: "base", type: "flat", amount },
    { key: "calls", type: "usage", meter: "calls", unit_amount: String(amount / 1_000) },
  ],
});

describe("a downgrade at the end of the period", () => {
  let world: World;
  let clock: Awaited<ReturnType<World["clock"]>>;
  let acme: ReturnType<typeof tenantOf>;

  beforeAll(async () => {
    world = await createWorld();
    await world.must("PUT", "/v1/catalog", {
      meters: [{ key: "calls", event: "call", aggregation: "sum" }],
      plans: [plan("small", 1_000), plan("middle", 2_000), plan("large", 5_000)],
    });
    clock = await world.clock("2026-03-01T00:00:00Z");
    await world.must("PUT", "/v1/tenants/acme", { currency: "usd", test_clock: clock.id });
    acme = tenantOf(world, "acme");
    await acme.start({ plan: "large", seats: 2 });
    await clock.to("2026-03-10T00:00:00Z");
    await acme.news();
  });
  afterAll(() => world.close());

  it("is arranged, replaced and taken back without a charge", async () => {
    expect((await acme.step("plan", { plan: "middle", when: "period_end" })).body).toMatchObject({
      plan: "large",
      scheduled_change: { plan: "middle", seats: 2, effective_at: "2026-04-01T00:00:00Z" },
    });
    expect((await acme.step("plan", { plan: "small", when: "period_end", seats: 1 })).body.scheduled_change).toMatchObject({
      plan: "small",
      seats: 1,
    });
    expect((await acme.step("plan", { plan: "large", when: "period_end" })).body.scheduled_change).toBeNull();
    expect((await acme.step("plan", { plan: "small", when: "auto" })).body.scheduled_change).toMatchObject({ plan: "small" });
    expect((await acme.step("revoke-cancellation")).body.scheduled_change).toBeNull();
    expect((await acme.step("revoke-cancellation")).body).toMatchObject({ status: 409, code: "invalid_state", state: "active" });
    expect(await acme.news()).toEqual(Array(5).fill("subscription.updated"));
    expect(await acme.invoices()).toHaveLength(1);
  });

  it("takes effect with the next period: the old one closes as it was, the new one is sold at the new price", async () => {
    const dry = await acme.step("plan", { plan: "small", when: "period_end", dry_run: true });
    expect(linesOf(dry.body)).toEqual([["flat", "base", 1_000]]);
    await acme.step("plan", { plan: "small", when: "period_end" });
    await world.must("POST", "/v1/usage", { tenant_id: "acme", event: "call", amount: 10, idempotency_key: "1" });
    const preview = await acme.upcoming();
    await clock.to("2026-04-01T00:00:00Z");
    expect(await acme.news()).toEqual([
      "subscription.updated",
      ...ISSUED,
      "subscription.renewed",
      "subscription.plan_changed",
      ...COLLECTED,
    ]);
    const closing = (await acme.invoices()).at(-1);
    expect(closing.lines.map((line: Record<string, unknown>) => [line.plan, line.price, line.amount])).toEqual([
      ["large", "calls", 50],
      ["small", "base", 1_000],
    ]);
    expect(closing.total).toBe(preview.total);
    expect(await acme.subscription()).toMatchObject({
      plan: "small",
      seats: 2,
      scheduled_change: null,
      current_period_end: "2026-05-01T00:00:00Z",
    });
    await world.must("POST", "/v1/usage", { tenant_id: "acme", event: "call", amount: 10, idempotency_key: "2" });
    await clock.to("2026-05-01T00:00:00Z");
    expect((await acme.invoices()).at(-1).total).toBe(10 + 1_000);
  });

  it("cannot be arranged where the subscription ends first", async () => {
    await acme.step("cancel", { when: "period_end" });
    const refused = await acme.step("plan", { plan: "large", when: "period_end" });
    expect(refused.body).toMatchObject({ status: 409, code: "invalid_state", state: "active" });
    await acme.step("revoke-cancellation");
  });
});
