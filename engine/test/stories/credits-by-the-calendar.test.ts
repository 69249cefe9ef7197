/** Top-ups by the calendar: each occurrence once, bought or granted, however late and whatever stands in the way. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { calendarDue } from "../../src/billing/invoices/top-up-by-calendar.ts";
import { collectDue } from "../../src/billing/payments/collect.ts";
import { parseInstant } from "../../src/billing/time/instant.ts";
import { onPool } from "../../src/db/pool.ts";
import { createWorld, type World } from "../world.ts";
import { creditsOf } from "./credits.ts";
import { COLLECTED, ISSUED, tenantOf } from "./tenant.ts";

const CATALOG = {
  plans: [{ key: "basic", currency: "usd", interval: "month", prices: [{ key: "base", type: "flat", amount: 500 }] }],
  credit_products: [
    { key: "pack", name: "1,000 credits", credits: 1_000, amount: 1_000, currency: "usd" },
    { key: "going", credits: 100, amount: 100, currency: "usd" },
    { key: "euros", credits: 100, amount: 100, currency: "eur" },
  ],
};
const START = "2026-01-31T10:00:00Z";
const BOUGHT = [...ISSUED, ...COLLECTED, "credits.granted"];
const FAILED = [...ISSUED, "payment.failed", "invoice.payment_failed", "invoice.voided", "credits.top_up_failed"];

describe("top-ups by the calendar", () => {
  let world: World;

  beforeAll(async () => {
    world = await createWorld();
    await world.must("PUT", "/v1/catalog", CATALOG);
  });
  afterAll(() => world.close());

  async function tenant(id: string, { card = "tok_visa", start = START, zone = "UTC" } = {}) {
    const clock = await world.clock(start);
    let now = start;
    await world.must("PUT", `/v1/tenants/${id}`, { currency: "usd", time_zone: zone, test_clock: clock.id });
    const one = tenantOf(world, id);
    const put = (token: string) => world.must("POST", `${one.url}/payment-methods/setup-intent`, { token });
    await put(card);
    await one.news();
    const rules = `${one.url}/credits/top-up-rules`;
    return {
      ...one,
      clockId: clock.id,
      card: put,
      rule: (body: object, key = "monthly") => world.call("PUT", `${rules}/${key}`, body),
      read: (key = "monthly") => world.must("GET", `${rules}/${key}`),
      remove: (key = "monthly") => world.call("DELETE", `${rules}/${key}`),
      /** Oldest first: instant, what became of it, why. */
      became: async (key = "monthly") => {
        const { items } = await world.must("GET", `${rules}/${key}/occurrences?limit=100`);
        return items.map((row: { at: string; status: string; reason: string | null }) => [row.at, row.reason ?? row.status]).reverse();
      },
      to: async (instant: string) => {
        now = instant;
        await clock.to(instant);
      },
      has: () => creditsOf(world, id, now),
    };
  }

  it("buys at each month's end, and a jump over several months misses none", async () => {
    const acme = await tenant("acme");
    const put = await acme.rule({ product: "pack", interval: "month" });
    expect(put.body).toMatchObject({
      source: "purchase",
      product: "pack",
      quantity: 1,
      starts_at: START,
      next_at: START,
      enabled: true,
      interval_count: 1,
    });
    await acme.to(START);
    expect(await acme.news()).toEqual(BOUGHT);
    await acme.to("2026-02-28T09:59:59Z");
    expect(await acme.news()).toEqual([]);
    await acme.to("2026-02-28T10:00:00Z");
    expect(await acme.news()).toEqual(BOUGHT);
    await acme.to("2026-05-31T10:00:00Z");
    expect(await acme.news()).toEqual([...BOUGHT, ...BOUGHT, ...BOUGHT]);
    expect(await acme.became()).toEqual([
      [START, "purchased"],
      ["2026-02-28T10:00:00Z", "purchased"],
      ["2026-03-31T10:00:00Z", "purchased"],
      ["2026-04-30T10:00:00Z", "purchased"],
      ["2026-05-31T10:00:00Z", "purchased"],
    ]);
    expect((await acme.invoices()).map(({ total }) => total)).toEqual(Array(5).fill(1_000));
    expect(await acme.has()).toEqual({ purchase: 5_000 });
    expect(await acme.read()).toMatchObject({ next_at: "2026-06-30T10:00:00Z", this_month: { count: 1, amount: 1_000 }, running: null });
    const { items } = await world.must("GET", `${acme.url}/credits/purchases`);
    expect(items[0]).toMatchObject({ origin: "top_up", status: "granted" });
  });

  it("counts days, weeks and years by the tenant's own clock, through a change of it", async () => {
    const berlin = await tenant("berlin", { start: "2026-03-27T08:00:00Z", zone: "Europe/Berlin" });
    const give = { source: "promotion", amount: 1 };
    await berlin.rule({ ...give, interval: "day", ends_at: "2026-03-31T00:00:00Z" }, "daily");
    await berlin.rule({ ...give, interval: "week", interval_count: 2, ends_at: "2026-05-01T00:00:00Z" }, "fortnightly");
    await berlin.rule({ ...give, interval: "year", starts_at: "2024-02-29T12:00:00Z" }, "yearly");
    await berlin.to("2028-03-01T00:00:00Z");
    const days = ["2026-03-27T08:00:00Z", "2026-03-28T08:00:00Z", "2026-03-29T07:00:00Z", "2026-03-30T07:00:00Z"];
    expect(await berlin.became("daily")).toEqual(days.map((at) => [at, "granted"]));
    const weeks = ["2026-03-27T08:00:00Z", "2026-04-10T07:00:00Z", "2026-04-24T07:00:00Z"];
    expect(await berlin.became("fortnightly")).toEqual(weeks.map((at) => [at, "granted"]));
    // From before the rule itself nothing happens; the year's end of February is that of each year.
    expect(await berlin.became("yearly")).toEqual([
      ["2027-02-28T12:00:00Z", "granted"],
      ["2028-02-29T12:00:00Z", "granted"],
    ]);
    expect((await berlin.read("daily")).next_at).toBeNull();
  });

  it("fills up to a target, by what is missing then, and skips where nothing is", async () => {
    const target = await tenant("target");
    await target.rule({ source: "adjustment", target: 100, interval: "month", reason: "the month's own" });
    await target.to(START);
    expect(await target.has()).toEqual({ adjustment: 100 });
    await world.must("POST", `${target.url}/credits/consume`, { amount: "30.5", idempotency_key: "a" });
    await target.to("2026-03-31T10:00:00Z");
    expect(await target.has()).toEqual({ adjustment: 100 });
    expect((await target.became()).map(([, what]: string[]) => what)).toEqual(["granted", "granted", "target_reached"]);
    const { grants } = await world.must("GET", `${target.url}/credits`);
    expect(grants.map((one: { amount: number; reason: string }) => [one.amount, one.reason])).toEqual([
      [100, "the month's own"],
      [30.5, "the month's own"],
    ]);
    await target.rule({ product: "pack", target: 2_500, interval: "month", starts_at: "2026-04-15T00:00:00Z" }, "packs");
    await target.to("2026-04-15T00:00:00Z");
    // 2,400 are missing: three packs.
    expect(await target.has()).toEqual({ adjustment: 100, purchase: 3_000 });
  });

  it("grants what expires with the next occurrence, and none that would have expired already", async () => {
    const monthly = await tenant("expiring");
    await monthly.rule({ source: "promotion", amount: 50, interval: "month", expires_at_next: true, priority: 1 });
    await monthly.to("2026-02-28T09:59:59Z");
    expect((await world.must("GET", `${monthly.url}/credits`)).grants).toMatchObject([
      { amount: 50, priority: 1, expires_at: "2026-02-28T10:00:00Z" },
    ]);
    await monthly.to("2026-02-28T10:00:00Z");
    expect(await monthly.has()).toEqual({ promotion: 50 });
    // A sweep that comes months late.
    const late = parseInstant("2026-05-10T00:00:00Z")!;
    expect(await calendarDue(world.billing.ctx, { now: late, testClockId: monthly.clockId })).toBe(2);
    expect((await monthly.became()).map(([, what]: string[]) => what)).toEqual(["granted", "granted", "late", "granted"]);
  });

  it("is settled once, whoever notices, and what is on its way is not bought again", async () => {
    const race = await tenant("race", { card: "tok_unknown" });
    await race.rule({ product: "pack", interval: "day" });
    await race.rule({ source: "promotion", amount: 7, interval: "day" }, "gift");
    const late = parseInstant("2026-02-02T10:00:00Z")!;
    const ask = () => calendarDue(world.billing.ctx, { now: late, testClockId: race.clockId });
    const done = await Promise.all([ask(), ask(), ask(), ask(), ask(), ask()]);
    // Three days of gifts, and the first purchase, whose outcome is not known.
    expect(done.reduce((sum, n) => sum + n, 0)).toBe(4);
    await collectDue(world.billing.ctx, { testClockId: race.clockId });
    expect(await ask()).toBe(0);
    const has = () => creditsOf(world, "race", "2026-02-02T10:00:00Z");
    expect(await has()).toEqual({ promotion: 21 });
    await onPool(world.billing.ctx.pool).query("update payments set claimed_until = null where tenant_id = 'race'");
    await collectDue(world.billing.ctx, { testClockId: race.clockId });
    await race.card("tok_visa");
    for (let i = 0; i < 2; i++) {
      expect((await Promise.all([ask(), ask(), ask()])).reduce((sum, n) => sum + n, 0)).toBe(1);
      await collectDue(world.billing.ctx, { testClockId: race.clockId });
    }
    expect(await ask()).toBe(0);
    expect(await has()).toEqual({ promotion: 21, purchase: 3_000 });
    expect((await race.became()).map(([, what]: string[]) => what)).toEqual(["purchased", "purchased", "purchased"]);
  });

  it("that fails is tried again after pauses, and what falls due meanwhile waits its turn", async () => {
    const shaky = await tenant("shaky", { card: "tok_insufficient_funds" });
    await shaky.rule({ product: "pack", interval: "day" });
    await shaky.to(START);
    expect(await shaky.news()).toEqual(FAILED);
    expect(await shaky.read()).toMatchObject({ failures: 1, retry_at: "2026-01-31T11:00:00Z", next_at: START, enabled: true });
    await shaky.to("2026-02-01T12:00:00Z");
    expect(await shaky.news()).toEqual([...FAILED, ...FAILED]);
    await shaky.card("tok_visa");
    await shaky.to("2026-02-01T17:00:00Z");
    expect(await shaky.news()).toEqual([...BOUGHT, ...BOUGHT]);
    expect(await shaky.became()).toEqual([
      [START, "purchased"],
      ["2026-02-01T10:00:00Z", "purchased"],
    ]);
    expect(await shaky.read()).toMatchObject({ failures: 0, retry_at: null, next_at: "2026-02-02T10:00:00Z" });
  });

  it("that fails again and again is switched off; set anew it goes on from then", async () => {
    const broke = await tenant("broke", { card: "tok_declined" });
    await broke.rule({ product: "pack", interval: "week" });
    await broke.to("2026-02-20T00:00:00Z");
    expect(await broke.news()).toEqual([...FAILED, ...FAILED, ...FAILED, ...FAILED, "credits.top_up_disabled"]);
    expect(await broke.read()).toMatchObject({ enabled: false, disabled_reason: "payment_failed", failures: 4, next_at: null });
    expect(await broke.became()).toEqual([[START, "payment_failed"]]);
    await broke.card("tok_visa");
    expect((await broke.rule({ product: "pack", interval: "week" })).body).toMatchObject({
      enabled: true,
      failures: 0,
      starts_at: START,
      next_at: "2026-02-21T10:00:00Z",
    });
    await broke.to("2026-02-28T10:00:00Z");
    expect((await broke.became()).slice(1)).toEqual([
      ["2026-02-21T10:00:00Z", "purchased"],
      ["2026-02-28T10:00:00Z", "purchased"],
    ]);
  });

  it("keeps the month's limits: what is beyond is skipped, and says so", async () => {
    const capped = await tenant("capped", { start: "2026-01-30T00:00:00Z" });
    await capped.rule({ product: "pack", interval: "day", monthly_limit: { count: 1, amount: 1_500 } });
    await capped.to("2026-02-02T00:00:00Z");
    expect((await capped.became()).map(([, what]: string[]) => what)).toEqual(["purchased", "monthly_limit", "purchased", "monthly_limit"]);
    expect((await capped.news()).filter((type) => type === "credits.top_up_limited")).toHaveLength(2);
  });

  it("rests while the subscription is paused, as the threshold does", async () => {
    const paused = await tenant("paused", { start: "2026-01-10T00:00:00Z" });
    await paused.start({ plan: "basic" });
    await paused.rule({ product: "pack", interval: "week", starts_at: "2026-01-12T00:00:00Z" });
    await paused.step("pause", {});
    await world.must("PUT", `${paused.url}/credits/top-up`, { product: "pack", threshold: 10 });
    await paused.to("2026-01-20T00:00:00Z");
    expect(await paused.has()).toEqual({});
    expect((await paused.became()).map(([, what]: string[]) => what)).toEqual(["paused", "paused"]);
    await paused.step("resume");
    await paused.to("2026-01-26T00:00:00Z");
    // The threshold at once, the calendar at its next occurrence.
    expect(await paused.has()).toEqual({ purchase: 2_000 });
    await paused.step("pause", {});
    await paused.step("cancel", { when: "now" });
    await paused.to("2026-02-02T00:00:00Z");
    expect((await paused.became()).map(([, what]: string[]) => what)).toEqual(["paused", "paused", "purchased", "purchased"]);
  });

  it("ends with the product's sale, with its deletion, and with the tenant's erasure", async () => {
    const ends = await tenant("ends", { start: "2026-01-10T00:00:00Z" });
    await ends.rule({ product: "going", interval: "day", starts_at: "2026-01-11T00:00:00Z" }, "going");
    await world.must("PUT", "/v1/catalog", { ...CATALOG, credit_products: CATALOG.credit_products.filter(({ key }) => key !== "going") });
    await ends.to("2026-01-12T00:00:00Z");
    expect(await ends.read("going")).toMatchObject({ enabled: false, disabled_reason: "product_not_on_sale" });
    expect(await ends.became("going")).toEqual([["2026-01-11T00:00:00Z", "product_not_on_sale"]]);
    await ends.rule({ source: "promotion", amount: 5, interval: "day" });
    expect((await ends.remove()).body).toEqual({ tenant_id: "ends", key: "monthly", deleted: true });
    expect((await ends.remove()).status).toBe(404);
    await ends.rule({ source: "promotion", amount: 5, interval: "day" });
    await world.must("PUT", `${ends.url}/credits/top-up`, { product: "pack", threshold: 10 });
    await world.must("DELETE", ends.url);
    await ends.to("2026-01-20T00:00:00Z");
    expect(await ends.has()).toEqual({});
    expect((await world.must("GET", `${ends.url}/credits/top-up-rules`)).items).toEqual([]);
  });

  it("set anew neither repeats an occurrence nor makes up for what was off", async () => {
    const anew = await tenant("anew", { start: "2026-01-10T00:00:00Z" });
    const give = { source: "promotion", amount: 5, interval: "day" };
    await anew.rule(give);
    await anew.to("2026-01-10T00:00:00Z");
    for (const body of [give, { ...give, starts_at: "2026-01-10T00:00:00Z" }, { ...give, interval: "week" }, give]) await anew.rule(body);
    await anew.to("2026-01-10T23:59:59Z");
    expect(await anew.has()).toEqual({ promotion: 5 });
    await anew.rule({ ...give, enabled: false });
    await anew.to("2026-01-15T12:00:00Z");
    await anew.rule(give);
    await anew.to("2026-01-16T00:00:00Z");
    expect(await anew.became()).toEqual([
      ["2026-01-10T00:00:00Z", "granted"],
      ["2026-01-16T00:00:00Z", "granted"],
    ]);
  });

  it("refuses what makes no sense, naming the field", async () => {
    const asked = await tenant("asked");
    const buy = { product: "pack", interval: "month" };
    const give = { source: "promotion", amount: 5, interval: "month" };
    const tries: [object, string][] = [
      [{ interval: "month" }, "product"],
      [{ product: "nothing", interval: "month" }, "product"],
      [{ product: "euros", interval: "month" }, "product"],
      [{ product: "pack" }, "interval"],
      [{ product: "pack", interval: "hour" }, "interval"],
      [{ ...buy, interval_count: 0 }, "interval_count"],
      [{ ...buy, amount: 5 }, "amount"],
      [{ ...buy, target: 900, quantity: 1 }, "target"],
      [{ ...buy, target: 0 }, "target"],
      [{ ...buy, expires_at_next: true }, "expires_at_next"],
      [{ ...buy, monthly_limit: { count: 0 } }, "monthly_limit.count"],
      [{ ...buy, monthly_limit: { amount: 0 } }, "monthly_limit.amount"],
      [{ ...buy, starts_at: "2026-03-01T00:00:00Z", ends_at: "2026-03-01T00:00:00Z" }, "ends_at"],
      [{ ...buy, starts_at: "tomorrow" }, "starts_at"],
      [{ ...give, product: "pack" }, "product"],
      [{ ...give, target: 5 }, "amount"],
      [{ ...give, amount: 0 }, "amount"],
      [{ ...give, amount: "1e3" }, "amount"],
      [{ ...give, priority: 256 }, "priority"],
      [{ ...give, monthly_limit: { count: 1 } }, "monthly_limit"],
      [{ ...give, source: "plan" }, "source"],
      [{ ...give, when: "now" }, "when"],
    ];
    for (const [body, path] of tries) {
      const answer = await asked.rule(body);
      expect([body, answer.status, answer.body.errors?.[0]?.path]).toEqual([body, 422, path]);
    }
    expect((await asked.rule(buy, "Not-A-Key")).body.errors).toMatchObject([{ path: "key" }]);
    expect((await world.must("GET", `${asked.url}/credits/top-up-rules`)).items).toEqual([]);
    for (let i = 0; i < 20; i++) expect((await asked.rule(give, `r${i}`)).status).toBe(200);
    expect((await asked.rule(give, "one-more")).body).toMatchObject({ code: "conflict" });
    expect((await asked.rule(give, "r19")).status).toBe(200);
  });
});
