/** Credits that come with a plan: through a trial, renewals and expiry, with and without rollover, unpaid and paid late, and back again. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createWorld, type World } from "../world.ts";
import { creditsOf } from "./credits.ts";
import { COLLECTED, ISSUED, SETTLED, tenantOf } from "./tenant.ts";

const plan = (key: string, amount: number, credits: object | null, more: object = {}) => ({
  key,
  name: key,
  currency: "usd",
  interval: "month",
  prices: [{ key: "base", type: "flat", amount }],
  ...(credits === null ? {} : { credits }),
  ...more,
});
const CATALOG = {
  plans: [
    plan("pro", 2_900, { amount: 5_000 }, { trial_days: 14 }),
    plan("max", 9_900, { amount: 20_000 }),
    plan("keep", 2_900, { amount: 1_000, rollover: { max: 1_500 } }),
    plan("gratis", 0, { amount: 300 }),
    plan("plain", 1_000, null),
    plan("yearly", 29_000, { amount: 60_000 }, { interval: "year" }),
  ],
};
const START = "2026-01-01T00:00:00Z";
const GRANTED = "credits.granted";

describe("credits of a plan", () => {
  let world: World;
  let clock: Awaited<ReturnType<World["clock"]>>;

  beforeAll(async () => {
    world = await createWorld();
    await world.must("PUT", "/v1/catalog", CATALOG);
  });
  afterAll(() => world.close());

  async function newcomer(id: string) {
    clock = await world.clock(START);
    await world.must("PUT", `/v1/tenants/${id}`, { currency: "usd", test_clock: clock.id });
    const tenant = tenantOf(world, id);
    await tenant.news();
    let now = START;
    return {
      ...tenant,
      to: async (instant: string) => {
        now = instant;
        await clock.to(instant);
      },
      has: () => creditsOf(world, id, now),
      card: (token: string) => world.must("POST", `${tenant.url}/payment-methods/setup-intent`, { token }),
      hold: async (amount: number): Promise<string> => (await world.must("POST", `${tenant.url}/credits/holds`, { amount })).id,
      spend: (amount: number) => world.must("POST", `${tenant.url}/credits/consume`, { amount, idempotency_key: `${now} ${amount}` }),
    };
  }

  it("come with the trial, then with each period as it is paid, and do not outlive it", async () => {
    const acme = await newcomer("acme");
    await acme.start({ plan: "pro" });
    expect(await acme.news()).toEqual(["subscription.started", GRANTED]);
    expect(await acme.has()).toEqual({ plan: 5_000 });
    await acme.to("2026-01-14T12:00:00Z");
    expect(await acme.news()).toEqual(["subscription.trial_ending", "credits.expiring"]);
    await acme.spend(4_500);
    expect(await acme.news()).toEqual(["credits.consumed", "credits.low_balance"]);
    await acme.to("2026-01-15T00:00:00Z");
    expect(await acme.news()).toEqual(["subscription.trial_ended", ...ISSUED, "credits.expired", ...COLLECTED, GRANTED]);
    expect(await acme.has()).toEqual({ plan: 5_000 });
    await acme.to("2026-02-14T00:00:00Z");
    expect(await acme.news()).toEqual(["credits.expiring"]);
    await acme.to("2026-02-15T00:00:00Z");
    expect(await acme.news()).toEqual([...ISSUED, "subscription.renewed", "credits.expired", "credits.low_balance", ...COLLECTED, GRANTED]);
    expect(await acme.has()).toEqual({ plan: 5_000 });
    await acme.step("cancel", { when: "period_end" });
    await acme.to("2026-03-15T00:00:00Z");
    expect(await acme.has()).toEqual({});
  });

  it("are kept over the period's end up to the cap, and end with the subscription", async () => {
    const keeper = await newcomer("keeper");
    await keeper.start({ plan: "keep" });
    await clock.to(START);
    expect(await keeper.has()).toEqual({ plan: 1_000 });
    await keeper.to("2026-02-01T00:00:00Z");
    expect(await keeper.has()).toEqual({ plan: 2_000 });
    await keeper.news();
    await keeper.to("2026-03-01T00:00:00Z");
    // Of 2,000 that were left 1,500 are kept.
    expect(await keeper.news()).toEqual([...ISSUED, "subscription.renewed", "credits.expired", ...COLLECTED, GRANTED]);
    expect(await keeper.has()).toEqual({ plan: 2_500 });
    await keeper.step("cancel", { when: "now" });
    expect(await keeper.has()).toEqual({ plan: 2_500 });
    await keeper.to("2026-04-01T00:00:00Z");
    expect(await keeper.has()).toEqual({});
  });

  it("are granted at once where nothing is to be paid", async () => {
    const gratis = await newcomer("gratis");
    await gratis.start({ plan: "gratis" });
    expect(await gratis.news()).toEqual(["subscription.started", ...SETTLED, GRANTED]);
    expect(await gratis.has()).toEqual({ plan: 300 });
  });

  it("lesson 6: an invoice that failed and is paid later grants its credits, once; until then there are none", async () => {
    const late = await newcomer("late");
    await late.card("tok_declined");
    await late.start({ plan: "max" });
    await late.to("2026-01-01T01:00:00Z");
    expect(await late.has()).toEqual({});
    const [invoice] = await late.invoices();
    await late.card("tok_visa");
    await late.news();
    await world.must("POST", `/v1/invoices/${invoice.id}/pay`);
    expect(await late.news()).toEqual([...COLLECTED, "subscription.updated", GRANTED]);
    expect(await late.has()).toEqual({ plan: 20_000 });
    expect((await world.post(`/v1/invoices/${invoice.id}/pay`)).status).toBe(409);
    expect(await late.has()).toEqual({ plan: 20_000 });
  });

  it("of an invoice that is sent come when it is paid, also after its period; a voided one grants none", async () => {
    const sent = await newcomer("sent");
    await sent.start({ plan: "max", collection: "send_invoice" });
    expect(await sent.has()).toEqual({});
    await sent.to("2026-02-02T00:00:00Z");
    const [january, february] = await sent.invoices();
    await world.must("POST", `/v1/invoices/${january.id}/pay`);
    expect(await sent.has()).toEqual({ plan: 20_000 });
    await world.must("POST", `/v1/invoices/${february.id}/void`);
    expect(await sent.has()).toEqual({ plan: 20_000 });
    await sent.to("2026-03-01T00:00:00Z");
    expect(await sent.has()).toEqual({});
  });

  it("are taken back with the money, as far as they are left", async () => {
    const back = await newcomer("back");
    await back.start({ plan: "max" });
    await back.to("2026-01-02T00:00:00Z");
    const [invoice] = await back.invoices();
    await world.must("POST", `/v1/invoices/${invoice.id}/refunds`, { amount: 4_950 });
    expect(await back.has()).toEqual({ plan: 10_000 });
    await back.step("cancel", { when: "now", refund_unused: true });
    expect(await back.has()).toEqual({});
  });

  it("that a hold has while the unused time is paid back do not come back; a period that counted them in is filled up again", async () => {
    const held = await newcomer("held");
    await held.start({ plan: "max" });
    await held.to(START);
    const [first, second, third] = [await held.hold(3_000), await held.hold(2_000), await held.hold(1_000)];
    await held.step("cancel", { when: "now", refund_unused: true });
    expect(await held.has()).toEqual({});
    // Half of one is used after all: that stays used. The rest of it, and another, go where the money went.
    await world.must("POST", `${held.url}/credits/holds/${first}/capture`, { amount: 1_500 });
    await world.must("POST", `${held.url}/credits/holds/${second}/release`);
    expect(await held.has()).toEqual({});
    const { items } = await world.must("GET", `${held.url}/credits/transactions`);
    expect(items.slice(0, 2).map((one: { type: string; amount: number }) => [one.type, one.amount])).toEqual([
      ["refunded", -2_000],
      ["released", 2_000],
    ]);
    // 1,500 that are used and 1,000 that are held count.
    await held.start({ plan: "max" });
    await held.to(START);
    expect(await held.has()).toEqual({ plan: 17_500 });
    await held.news();
    await world.must("POST", `${held.url}/credits/holds/${third}/release`);
    expect(await held.news()).toEqual(["credits.refunded", "credits.granted"]);
    expect(await held.has()).toEqual({ plan: 18_500 });
  });

  it("that a hold has over the period's end count toward the cap of the rollover, and end with the subscription too", async () => {
    const over = await newcomer("over");
    await over.start({ plan: "keep" });
    await over.to("2026-02-01T00:00:00Z");
    expect(await over.has()).toEqual({ plan: 2_000 });
    // All of the first grant and 700 of the second. The second goes on whole, 300 of it free to spend; of the first 500.
    const [first, second] = [await over.hold(1_200), await over.hold(500)];
    await over.to("2026-03-01T00:00:00Z");
    expect(await over.has()).toEqual({ plan: 1_300 });
    await world.must("POST", `${over.url}/credits/holds/${first}/release`);
    await world.must("POST", `${over.url}/credits/holds/${second}/release`);
    expect(await over.has()).toEqual({ plan: 2_500 });
    const last = await over.hold(2_500);
    await over.step("cancel", { when: "now" });
    await world.must("POST", `${over.url}/credits/holds/${last}/release`);
    await over.to("2026-03-31T23:59:59Z");
    expect(await over.has()).toEqual({ plan: 2_500 });
    await over.to("2026-04-01T00:00:00Z");
    expect(await over.has()).toEqual({});
  });

  it("lesson 19: going up, down and up again, or canceling and starting anew, mints none", async () => {
    const mover = await newcomer("mover");
    await world.must("POST", `${mover.url}/payment-methods/setup-intent`, { token: "tok_visa" });
    await mover.start({ plan: "max" });
    await mover.to("2026-01-02T00:00:00Z");
    expect(await mover.has()).toEqual({ plan: 20_000 });
    await mover.step("cancel", { when: "now" });
    for (const [day, next] of [
      ["03", "pro"],
      ["04", "max"],
      ["05", "plain"],
      ["06", "max"],
      ["07", "pro"],
      ["08", "max"],
    ] as const) {
      if (day === "03") await mover.start({ plan: next, trial_days: 0 });
      else expect((await mover.step("plan", { plan: next })).status).toBe(200);
      await mover.to(`2026-01-${day}T12:00:00Z`);
      expect([day, await mover.has()]).toEqual([day, { plan: 20_000 }]);
    }
    const climber = await newcomer("climber");
    await climber.start({ plan: "pro", trial_days: 0 });
    await climber.to("2026-01-02T00:00:00Z");
    for (const [next, has] of [
      ["max", 20_000],
      ["pro", 20_000],
      ["max", 20_000],
      ["yearly", 60_000],
    ] as const) {
      await climber.step("plan", { plan: next });
      await clock.to("2026-01-02T00:00:00Z");
      expect([next, await climber.has()]).toEqual([next, { plan: has }]);
    }
    // The next period is a new one.
    const monthly = await newcomer("monthly");
    await monthly.start({ plan: "max" });
    await monthly.to("2026-01-20T00:00:00Z");
    await monthly.step("cancel", { when: "now" });
    await monthly.start({ plan: "max" });
    await monthly.to("2026-01-20T01:00:00Z");
    expect(await monthly.has()).toEqual({ plan: 20_000 });
    await monthly.to("2026-02-20T00:00:00Z");
    expect(await monthly.has()).toEqual({ plan: 20_000 });
  });

  it("a change that is to be paid tops up when it is, and never before the period itself", async () => {
    const owing = await newcomer("owing");
    await owing.card("tok_declined");
    await owing.start({ plan: "pro", trial_days: 0 });
    await owing.to("2026-01-01T01:00:00Z");
    await owing.step("plan", { plan: "max" });
    await owing.to("2026-01-01T02:00:00Z");
    const [start, change] = await owing.invoices();
    await owing.card("tok_visa");
    await world.must("POST", `/v1/invoices/${change.id}/pay`);
    expect(await owing.has()).toEqual({});
    await world.must("POST", `/v1/invoices/${start.id}/pay`);
    expect(await owing.has()).toEqual({ plan: 20_000 });
  });
});

describe("credits of the free plan", () => {
  it("come by the month to whom has no subscription, and count toward the plan that follows", async () => {
    const world = await createWorld();
    try {
      await world.must("PUT", "/v1/catalog", {
        plans: [plan("free", 0, { amount: 100 }, { default: true, prices: [] }), plan("pro", 2_900, { amount: 5_000 })],
      });
      const clock = await world.clock("2026-01-31T00:00:00Z");
      await world.must("PUT", "/v1/tenants/acme", { currency: "usd", test_clock: clock.id });
      const acme = tenantOf(world, "acme");
      const has = (at: string) => creditsOf(world, "acme", at);
      expect(await acme.news()).toEqual(["tenant.created", GRANTED]);
      expect(await has("2026-01-31T00:00:00Z")).toEqual({ plan: 100 });
      await clock.to("2026-02-28T00:00:00Z");
      expect(await has("2026-02-28T00:00:00Z")).toEqual({ plan: 100 });
      await acme.start({ plan: "pro" });
      await clock.to("2026-03-01T00:00:00Z");
      expect(await has("2026-03-01T00:00:00Z")).toEqual({ plan: 5_000 });
      await clock.to("2026-04-01T00:00:00Z");
      expect(await has("2026-04-01T00:00:00Z")).toEqual({ plan: 5_000 });
      await acme.step("cancel", { when: "now" });
      await clock.to("2026-05-01T00:00:00Z");
      expect(await has("2026-05-01T00:00:00Z")).toEqual({ plan: 100 });
    } finally {
      await world.close();
    }
  });
});
