/** Automatic top-up: one purchase when too few credits are left, whoever notices; it fails, recovers, is given up, and keeps its limits. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { topUpDue } from "../../src/billing/invoices/top-up.ts";
import { collectDue } from "../../src/billing/payments/collect.ts";
import { parseInstant } from "../../src/billing/time/instant.ts";
import { onPool } from "../../src/db/pool.ts";
import { createWorld, type World } from "../world.ts";
import { creditsOf } from "./credits.ts";
import { COLLECTED, ISSUED, tenantOf } from "./tenant.ts";

const CATALOG = { credit_products: [{ key: "pack", name: "1,000 credits", credits: 1_000, amount: 1_000, currency: "usd" }] };
const START = "2026-01-10T00:00:00Z";
const BOUGHT = [...ISSUED, ...COLLECTED, "credits.granted"];
const FAILED = [...ISSUED, "payment.failed", "invoice.payment_failed", "invoice.voided", "credits.top_up_failed"];

describe("automatic top-up", () => {
  let world: World;

  beforeAll(async () => {
    world = await createWorld();
    await world.must("PUT", "/v1/catalog", CATALOG);
  });
  afterAll(() => world.close());

  async function buyer(id: string, card = "tok_visa") {
    const clock = await world.clock(START);
    let now = START;
    await world.must("PUT", `/v1/tenants/${id}`, { currency: "usd", test_clock: clock.id });
    const tenant = tenantOf(world, id);
    const put = (token: string) => world.must("POST", `${tenant.url}/payment-methods/setup-intent`, { token });
    await put(card);
    await tenant.news();
    return {
      ...tenant,
      clockId: clock.id,
      card: put,
      topUp: (body: object = {}) => world.call("PUT", `${tenant.url}/credits/top-up`, { product: "pack", threshold: 500, ...body }),
      state: () => world.must("GET", `${tenant.url}/credits/top-up`),
      to: async (instant: string) => {
        now = instant;
        await clock.to(instant);
      },
      has: async () => (await creditsOf(world, id, now)).purchase ?? 0,
      spend: (amount: number) => world.must("POST", `${tenant.url}/credits/consume`, { amount, idempotency_key: `${now} ${amount}` }),
    };
  }

  it("buys once when less than the threshold is left, and not again above it", async () => {
    const acme = await buyer("acme");
    expect((await acme.topUp()).body).toMatchObject({
      product: "pack",
      threshold: 500,
      quantity: 1,
      enabled: true,
      monthly_limit: { count: 10 },
    });
    await acme.to(START);
    expect(await acme.news()).toEqual(BOUGHT);
    expect(await acme.has()).toBe(1_000);
    await acme.to("2026-01-11T00:00:00Z");
    expect(await acme.news()).toEqual([]);
    expect(await acme.state()).toMatchObject({ failures: 0, running: null, this_month: { count: 1, amount: 1_000 } });
    const { items } = await world.must("GET", `${acme.url}/credits/purchases`);
    expect(items).toMatchObject([{ origin: "top_up", status: "granted", quantity: 1 }]);
    expect((await world.call("DELETE", `${acme.url}/credits/top-up`)).body).toMatchObject({ deleted: true });
    expect((await world.get(`${acme.url}/credits/top-up`)).status).toBe(404);
  });

  it("buys as many packs as it takes to reach a target", async () => {
    const target = await buyer("target");
    await target.topUp({ target: 2_500 });
    await target.to(START);
    expect(await target.has()).toBe(3_000);
    expect((await target.invoices()).map((invoice) => invoice.total)).toEqual([3_000]);
  });

  it("lesson 23: two that notice at once buy once, and what is on its way is not bought again", async () => {
    const race = await buyer("race", "tok_unknown");
    await race.topUp();
    const now = parseInstant(START)!;
    const ask = () => topUpDue(world.billing.ctx, { now, testClockId: race.clockId });
    const begun = await Promise.all([ask(), ask(), ask(), ask(), ask(), ask()]);
    expect(begun.reduce((sum, n) => sum + n, 0)).toBe(1);
    // The charge's outcome is not known: nothing more is bought until it is.
    await collectDue(world.billing.ctx, { testClockId: race.clockId });
    expect(await ask()).toBe(0);
    expect((await race.state()).running).not.toBeNull();
    expect(await race.has()).toBe(0);
    await onPool(world.billing.ctx.pool).query("update payments set claimed_until = null where tenant_id = 'race'");
    await collectDue(world.billing.ctx, { testClockId: race.clockId });
    expect(await race.has()).toBe(1_000);
    expect(await ask()).toBe(0);
    const [charged] = await onPool(world.billing.ctx.pool).query<{ n: number }>(
      "select count(*)::int as n from sandbox_charges where idempotency_key in (select id from payments where tenant_id = 'race')",
    );
    expect(charged!.n).toBe(1);
    expect(await race.invoices()).toHaveLength(1);
  });

  it("that fails is tried again after a pause, and recovers", async () => {
    const shaky = await buyer("shaky", "tok_insufficient_funds");
    await shaky.topUp();
    await shaky.to(START);
    expect(await shaky.news()).toEqual(FAILED);
    expect(await shaky.state()).toMatchObject({ failures: 1, retry_at: "2026-01-10T01:00:00Z", enabled: true });
    await shaky.to("2026-01-10T00:59:59Z");
    expect(await shaky.news()).toEqual([]);
    await shaky.to("2026-01-10T01:00:00Z");
    expect(await shaky.news()).toEqual(FAILED);
    expect(await shaky.state()).toMatchObject({ failures: 2, retry_at: "2026-01-10T07:00:00Z" });
    await shaky.card("tok_visa");
    await shaky.to("2026-01-10T07:00:00Z");
    expect(await shaky.news()).toEqual(BOUGHT);
    expect(await shaky.state()).toMatchObject({ failures: 0, retry_at: null, enabled: true });
    expect(await shaky.has()).toBe(1_000);
  });

  it("that fails again and again is switched off, and says so", async () => {
    const broke = await buyer("broke", "tok_declined");
    await broke.topUp();
    await broke.to("2026-01-20T00:00:00Z");
    expect(await broke.news()).toEqual([...FAILED, ...FAILED, ...FAILED, ...FAILED, "credits.top_up_disabled"]);
    expect(await broke.state()).toMatchObject({ enabled: false, disabled_reason: "payment_failed", failures: 4, retry_at: null });
    await broke.card("tok_visa");
    await broke.topUp();
    await broke.to("2026-01-20T00:00:00Z");
    expect(await broke.has()).toBe(1_000);
  });

  it("keeps the month's limits, of purchases and of money", async () => {
    const capped = await buyer("capped");
    // Two of what is asked for would be more money than may be spent.
    await capped.topUp({ threshold: 1_500, quantity: 2, monthly_limit: { amount: 1_999 } });
    await capped.to(START);
    expect(await capped.news()).toEqual(["credits.top_up_limited"]);
    expect(await capped.state()).toMatchObject({ retry_at: "2026-02-01T00:00:00Z", this_month: { count: 0, amount: 0 } });
    await capped.topUp({ threshold: 1_500, monthly_limit: { count: 1 } });
    await capped.to(START);
    expect(await capped.has()).toBe(2_000);
    await capped.topUp({ threshold: 2_500, monthly_limit: { count: 1 } });
    await capped.to("2026-01-31T23:59:59Z");
    expect(await capped.has()).toBe(2_000);
    await capped.to("2026-02-01T00:00:00Z");
    expect(await capped.has()).toBe(3_000);
  });

  it("refuses what makes no sense, naming the field", async () => {
    const asked = await buyer("asked");
    const tries: [object, string][] = [
      [{ product: "nothing" }, "product"],
      [{ threshold: 0 }, "threshold"],
      [{ target: 500 }, "target"],
      [{ target: 900, quantity: 1 }, "target"],
      [{ monthly_limit: { count: 0 } }, "monthly_limit.count"],
    ];
    for (const [body, path] of tries) {
      const answer = await asked.topUp(body);
      expect([answer.status, answer.body.errors?.[0]?.path]).toEqual([422, path]);
    }
  });
});

describe("automatic top-up beside a worker", () => {
  it("is woken by the consumption that takes the balance below the threshold", { timeout: 60_000 }, async () => {
    const world = await createWorld({ worker: true });
    try {
      await world.must("PUT", "/v1/catalog", CATALOG);
      await world.must("PUT", "/v1/tenants/acme", { currency: "usd" });
      await world.must("POST", "/v1/tenants/acme/payment-methods/setup-intent", { token: "tok_visa" });
      await world.must("POST", "/v1/tenants/acme/credits/grants", { amount: 600, source: "promotion" });
      await world.must("PUT", "/v1/tenants/acme/credits/top-up", { product: "pack", threshold: 500 });
      const bought = async () => (await world.must("GET", "/v1/tenants/acme/credits/purchases")).items;
      await world.must("POST", "/v1/tenants/acme/credits/consume", { amount: 100, idempotency_key: "at the threshold" });
      expect(await bought()).toEqual([]);
      await world.must("POST", "/v1/tenants/acme/credits/consume", { amount: 1, idempotency_key: "below it" });
      await expect.poll(bought, { timeout: 40_000 }).toMatchObject([{ origin: "top_up", status: "granted" }]);
      expect(await world.must("GET", "/v1/tenants/acme/credits")).toMatchObject({ available: 1_499 });
    } finally {
      await world.close();
    }
  });
});
