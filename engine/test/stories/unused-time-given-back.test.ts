/** A cancellation that gives back what is not served: credit notes on what sold it, to the minor unit, however often the period was changed. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { verifyBooks } from "../../src/cli/verify/books.ts";
import { createWorld, type World } from "../world.ts";
import { COLLECTED, ISSUED, linesOf, SETTLED, tenantOf } from "./tenant.ts";

const DAY_1 = "2026-04-01T00:00:00Z";
const DAY_11 = "2026-04-11T00:00:00Z";
const DAY_21 = "2026-04-21T00:00:00Z";

const plan = (key: string, amount: number, more: object[] = []) => ({
  key,
  name: key,
  currency: "usd",
  interval: "month",
  prices: [{ key: "base", type: "flat", amount }, ...more],
});

describe("unused time is given back", () => {
  let world: World;
  let clock: Awaited<ReturnType<World["clock"]>>;

  beforeAll(async () => {
    world = await createWorld();
    await world.must("PUT", "/v1/catalog", {
      meters: [{ key: "calls", event: "call", aggregation: "sum" }],
      tax_rates: [{ key: "vat", kind: "vat", country: "DE", percent: 19 }],
      coupons: [
        { key: "tenth", percent_off: 10, duration: "forever" },
        { key: "free", percent_off: 100, duration: "once" },
      ],
      plans: [
        plan("small", 3_000),
        plan("large", 6_000),
        { ...plan("other", 0), prices: [{ key: "fee", type: "flat", amount: 6_000 }] },
        plan("team", 1_000, [{ key: "seats", type: "seat", unit_amount: "700" }]),
        { ...plan("bound", 3_000, [{ key: "calls", type: "usage", meter: "calls", unit_amount: "10" }]), minimum_commitment: 9_000 },
      ],
    });
  });
  afterAll(() => world.close());

  let count = 0;
  async function newcomer(start: object, options: { country?: string; token?: string; coupon?: string } = {}) {
    const id = `t${++count}`;
    clock = await world.clock(DAY_1);
    const address = options.country ? { address: { country: options.country } } : {};
    await world.must("PUT", `/v1/tenants/${id}`, { currency: "usd", test_clock: clock.id, ...address });
    if (options.token) await world.must("POST", `/v1/tenants/${id}/payment-methods/setup-intent`, { token: options.token });
    const tenant = tenantOf(world, id);
    await tenant.start({ ...start, ...(options.coupon ? { coupon: options.coupon } : {}) });
    const at = async (instant: string) => {
      await clock.to(instant);
      await tenant.news();
    };
    const leave = () => tenant.step("cancel", { when: "now", refund_unused: true });
    /** What was paid, given back and is left as balance: what the tenant is the poorer by. */
    const paid = async () => {
      const invoices = await tenant.invoices();
      const sum = (field: string) => invoices.reduce((total: number, invoice) => total + invoice[field], 0);
      return sum("amount_paid") - sum("amount_refunded") - (await tenant.balance());
    };
    return { ...tenant, at, leave, paid };
  }

  it("as money, where money was paid: a third of April was served", async () => {
    const acme = await newcomer({ plan: "small" });
    await acme.at(DAY_11);
    expect((await acme.leave()).body).toMatchObject({ status: "canceled" });
    expect(await acme.news()).toEqual(["subscription.canceled", "invoice.credited"]);
    await clock.to(DAY_21);
    expect(await acme.news()).toEqual(["payment.refunded"]);
    const [invoice, ...others] = await acme.invoices();
    expect(others).toEqual([]);
    expect(invoice).toMatchObject({ status: "paid", total: 3_000, amount_credited: 2_000, amount_refunded: 2_000 });
    const { items } = await world.must("GET", `/v1/invoices/${invoice.id}/credit-notes`);
    expect(items).toMatchObject([{ subtotal: 2_000, refunded: 2_000, reason: "Unused time", refunds: [{ status: "succeeded" }] }]);
    expect(await acme.paid()).toBe(1_000);
  });

  it("with its part of a discount and of the tax", async () => {
    const taxed = await newcomer({ plan: "small" }, { country: "DE", coupon: "tenth" });
    await taxed.at(DAY_11);
    await taxed.leave();
    const [invoice] = await taxed.invoices();
    expect(invoice).toMatchObject({ subtotal: 3_000, discount: 300, tax: 513, total: 3_213, amount_refunded: 2_142 });
    expect(await taxed.paid()).toBe(1_071);
  });

  it("off what is due, where nothing was paid: what is left is asked for", async () => {
    const owes = await newcomer({ plan: "small" }, { token: "tok_declined" });
    await owes.at("2026-04-04T00:00:00Z");
    expect((await owes.invoices())[0]).toMatchObject({ status: "open", amount_due: 3_000 });
    await owes.leave();
    expect(await owes.news()).toEqual(["subscription.canceled", "invoice.credited"]);
    expect((await owes.invoices())[0]).toMatchObject({ status: "open", amount_due: 300, amount_refunded: 0 });
    expect(await owes.balance()).toBe(0);
    // The retry asks for the rest.
    await owes.at("2026-04-06T00:00:00Z");
    expect((await world.must("GET", `${owes.url}/payments`)).items[0]).toMatchObject({ amount: 300, status: "failed" });

    // The first attempt was not even sent: it makes room for one over the rest.
    const soon = await newcomer({ plan: "small" });
    await soon.leave();
    await soon.at("2026-04-01T00:00:01Z");
    expect((await soon.invoices())[0]).toMatchObject({ status: "paid", amount_due: 0, amount_paid: 0, amount_credited: 3_000 });
    expect((await world.must("GET", `${soon.url}/payments`)).items.map((payment: { code: string }) => payment.code)).toEqual(["credited"]);
  });

  it("a payment under way does not keep anybody: what it collects too much is balance", async () => {
    const slow = await newcomer({ plan: "small" }, { token: "tok_pending" });
    await slow.at(DAY_11);
    expect((await slow.leave()).status).toBe(200);
    expect((await slow.invoices())[0]).toMatchObject({ status: "open", amount_due: 1_000 });
    const { items } = await world.must("GET", `${slow.url}/payments`);
    expect(items).toMatchObject([{ status: "pending", amount: 3_000 }]);
  });

  it("to the balance, where the balance had paid", async () => {
    const rich = await newcomer({ plan: "small" });
    await rich.at("2026-04-01T00:00:01Z");
    const [first] = await rich.invoices();
    await world.must("POST", `/v1/invoices/${first.id}/credit-notes`, { amount: 3_000, settle: "balance" });
    await world.must("POST", `${rich.url}/subscription/cancel`, { when: "now" });
    await rich.start({ plan: "small" });
    const paid = (await rich.invoices()).at(-1);
    expect(paid).toMatchObject({ status: "paid", balance_applied: 3_000, amount_paid: 0 });
    await rich.at("2026-04-16T00:00:01Z");
    await rich.leave();
    expect(await rich.balance()).toBe(1_500);
  });

  it("of several invoices that paid the period: after an upgrade, at once and later", async () => {
    for (const [key, when, noted, kept] of [
      ["large", DAY_11, [2_000, 2_000], 1_000],
      ["large", DAY_21, [0, 2_000], 3_000],
      // Another price key: its line is the last one, the rest is of the first invoice.
      ["other", DAY_11, [2_000, 2_000], 1_000],
    ] as const) {
      const acme = await newcomer({ plan: "small" });
      await acme.at(DAY_11);
      await acme.step("plan", { plan: key });
      await acme.at(when === DAY_11 ? "2026-04-11T00:00:00Z" : when);
      await acme.leave();
      expect((await acme.invoices()).map((invoice) => invoice.amount_credited)).toEqual(noted);
      expect(await acme.paid()).toBe(kept);
      expect(await acme.balance()).toBe(0);
    }
  });

  it("of seats that came and went: what the time used costs is what stays", async () => {
    const team = await newcomer({ plan: "team", seats: 2 });
    await team.at("2026-04-08T06:30:00Z");
    await team.patch({ seats: 7 });
    await team.at("2026-04-15T17:45:11Z");
    await team.patch({ seats: 4 });
    await team.at(DAY_21);
    await team.leave();
    const second = 1 / (30 * 86_400);
    const since = (from: string, to: string) => ((Date.parse(to) - Date.parse(from)) / 1_000) * second;
    const seats =
      2 * since(DAY_1, "2026-04-08T06:30:00Z") +
      7 * since("2026-04-08T06:30:00Z", "2026-04-15T17:45:11Z") +
      4 * since("2026-04-15T17:45:11Z", DAY_21);
    expect(await team.paid()).toBe(Math.round((1_000 * 20) / 30) + Math.round(700 * seats));
  });

  it("less what somebody gave back of the period before", async () => {
    const goodwill = await newcomer({ plan: "small" });
    await goodwill.at(DAY_11);
    const [invoice] = await goodwill.invoices();
    await world.must("POST", `/v1/invoices/${invoice.id}/credit-notes`, { amount: 1_500, settle: "refund" });
    await goodwill.leave();
    expect((await goodwill.invoices())[0]).toMatchObject({ amount_credited: 2_000 });
    expect(await goodwill.balance()).toBe(0);
  });

  it("nothing of what was for nothing", async () => {
    const free = await newcomer({ plan: "small" }, { coupon: "free" });
    await free.at(DAY_11);
    await free.leave();
    expect(await free.news()).toEqual(["subscription.canceled"]);
    expect(await free.balance()).toBe(0);
  });

  it("what waits for the last invoice is not charged first", async () => {
    const waits = await newcomer({ plan: "small" });
    await waits.at(DAY_11);
    await waits.step("plan", { plan: "large", proration: "next_invoice" });
    await waits.leave();
    expect(await waits.news()).toEqual(["subscription.plan_changed", "subscription.canceled", "invoice.credited", ...SETTLED]);
    const [first, last] = await waits.invoices();
    expect(first).toMatchObject({ amount_credited: 2_000 });
    expect(linesOf(last)).toEqual([
      ["credit", "base", -2_000],
      ["flat", "base", 4_000],
      ["credit", "base", -2_000],
    ]);
    expect(await waits.paid()).toBe(1_000);
  });

  it("a minimum is of the time that was served, and what was given back is no part of it", async () => {
    const bound = await newcomer({ plan: "bound" });
    await bound.at(DAY_11);
    await world.must("POST", "/v1/usage", { tenant_id: bound.url.split("/").at(-1), event: "call", amount: 50, idempotency_key: "b" });
    await bound.leave();
    expect(await bound.news()).toEqual(["subscription.canceled", "invoice.credited", ...ISSUED]);
    await clock.to(DAY_21);
    expect((await bound.news()).sort()).toEqual([...COLLECTED, "payment.refunded"].sort());
    // A third of 9,000, less a third of 3,000 and what was used.
    expect(linesOf((await bound.invoices()).at(-1))).toEqual([
      ["usage", "calls", 500],
      ["commitment", null, 1_500],
    ]);
    expect(await bound.paid()).toBe(3_000);
  });

  it("leaves books that are right", async () => {
    const verdicts = await verifyBooks(world.billing.ctx.pool, { tenantId: null, usage: "all", limit: 20 }, () => undefined);
    expect(verdicts.filter(({ wrong }) => wrong > 0)).toEqual([]);
  });
});
