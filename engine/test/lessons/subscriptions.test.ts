/** What went wrong elsewhere with subscriptions, each as a test of its name: over the API, by a clock that is moved. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { COLLECTED, ISSUED, linesOf, tenantOf } from "../stories/tenant.ts";
import { createWorld, type World } from "../world.ts";

const plan = (key: string, amount: number, more: object = {}) => ({
  key,
  name: key,
  currency: "usd",
  interval: "month",
  prices: [{ key: "base", type: "flat", amount }],
  ...more,
});

describe("lessons of subscriptions", () => {
  let world: World;

  beforeAll(async () => {
    world = await createWorld({ config: { gracePeriodDays: 5, dunningRetryDays: [1, 7, 20] } });
    await world.must("PUT", "/v1/catalog", {
      plans: [
        plan("small", 3_000),
        plan("large", 9_000),
        plan("tried", 3_000, { trial_days: 14 }),
        plan("thirty", 3_000, { interval: "day", interval_count: 30 }),
        plan("quarter", 9_000, { interval_count: 3 }),
        plan("year", 36_000, { interval: "year" }),
        plan("dear_year", 30_000, { interval: "year" }),
        plan("daily", 100, { interval: "day" }),
        plan("seats", 0, { prices: [{ key: "seats", type: "seat", unit_amount: "1000" }] }),
      ],
    });
  });
  afterAll(() => world.close());

  async function tenant(id: string, now: string, timeZone = "UTC") {
    const clock = await world.clock(now);
    await world.must("PUT", `/v1/tenants/${id}`, { currency: "usd", time_zone: timeZone, test_clock: clock.id });
    const made = tenantOf(world, id);
    await made.news();
    return { ...made, to: clock.to, card: (token: string) => world.must("POST", `${made.url}/payment-methods/setup-intent`, { token }) };
  }
  const starts = async (of: ReturnType<typeof tenantOf>) => (await of.invoices()).map((invoice) => invoice.lines.at(-1).period_start);

  it("lesson 25: who has ended starts again, and a start says what it is, not always active", async () => {
    const again = await tenant("again", "2026-01-01T00:00:00Z");
    const first = await again.start({ plan: "tried" });
    expect(first).toMatchObject({ status: "trialing", plan: "tried" });
    await again.step("cancel", { when: "now" });
    expect(await again.subscription()).toMatchObject({ status: "canceled" });
    const second = await again.start({ plan: "small", start_at: "2026-02-01T00:00:00Z" });
    expect([second.status, second.id === first.id]).toEqual(["incomplete", false]);
    expect((await world.post(`${again.url}/subscription`, { plan: "small" })).body).toMatchObject({ code: "already_subscribed" });
    await again.to("2026-02-01T00:00:00Z");
    expect(await again.subscription()).toMatchObject({ id: second.id, status: "active" });
    await again.step("cancel", { when: "now" });
    expect(await again.start({ plan: "small" })).toMatchObject({ status: "active" });
  });

  it("lesson 25: the plan of the subscription is the one that it was changed to", async () => {
    const changed = await tenant("changed", "2026-01-01T00:00:00Z");
    const { id } = await changed.start({ plan: "small" });
    await changed.to("2026-01-16T00:00:00Z");
    expect((await changed.step("plan", { plan: "large" })).body).toMatchObject({ id, plan: "large" });
    expect(await changed.subscription()).toMatchObject({ id, plan: "large" });
    await changed.to("2026-02-01T00:00:00Z");
    expect((await changed.invoices()).at(-1)).toMatchObject({ total: 9_000, lines: [{ plan: "large" }] });
  });

  it("lesson 26: who is past due has the grace that is configured, neither less nor for ever", async () => {
    const late = await tenant("late", "2026-01-01T00:00:00Z");
    await late.card("tok_declined");
    await late.start({ plan: "small" });
    await late.to("2026-01-01T12:00:00Z");
    const standing = { status: "past_due", plan: "small", grace_until: "2026-01-06T00:00:00Z" };
    expect(await late.subscription()).toMatchObject(standing);
    // A further failure, and another invoice that fails, do not prolong it.
    await late.to("2026-01-20T00:00:00Z");
    expect(await late.subscription()).toMatchObject(standing);
    await late.to("2026-01-21T00:00:00Z");
    expect(await late.subscription()).toMatchObject({ status: "canceled", grace_until: null, ended_at: "2026-01-21T00:00:00Z" });
  });

  it("lesson 27: the caller says when; auto looks at price and seats, not at the price of a year", async () => {
    const free = await tenant("auto", "2026-01-01T00:00:00Z");
    await free.start({ plan: "small", seats: 2 });
    const when = async (body: object) => (await free.step("plan", { ...body, dry_run: true })).body.when;
    expect(await when({ plan: "large" })).toBe("now");
    expect(await when({ plan: "large", when: "auto" })).toBe("now");
    expect(await when({ plan: "large", when: "period_end" })).toBe("period_end");
    // Dearer by the year, but another interval: not by itself.
    expect(await when({ plan: "dear_year", when: "auto" })).toBe("period_end");
    expect(await when({ plan: "dear_year", when: "now" })).toBe("now");
    // Two seats at 10.00 are cheaper than 30.00, four are dearer.
    expect(await when({ plan: "seats", when: "auto" })).toBe("period_end");
    expect(await when({ plan: "seats", seats: 4, when: "auto" })).toBe("now");
    expect(await when({ plan: "seats", seats: 3, when: "auto" })).toBe("period_end");
  });

  it("lesson 28: the anchor does not drift from the 31st, and months, quarters and years are counted from it", async () => {
    const month = await tenant("month", "2024-01-31T10:00:00Z");
    await month.start({ plan: "small" });
    await month.to("2024-06-01T00:00:00Z");
    expect((await starts(month)).map((at: string) => at.slice(5, 10))).toEqual(["01-31", "02-29", "03-31", "04-30", "05-31"]);
    const quarter = await tenant("quarter", "2024-11-30T10:00:00Z");
    await quarter.start({ plan: "quarter" });
    await quarter.to("2025-12-01T00:00:00Z");
    expect((await starts(quarter)).map((at: string) => at.slice(0, 10))).toEqual([
      "2024-11-30",
      "2025-02-28",
      "2025-05-30",
      "2025-08-30",
      "2025-11-30",
    ]);
  });

  it("lesson 28: no mix of 30, 91 and 365 days: each change is prorated by the seconds of its own period", async () => {
    for (const [from, end, total] of [
      // Half of each: of 31 days, of 90 and of 365.
      ["small", "2026-02-01T00:00:00Z", 3_000],
      ["quarter", "2026-04-01T00:00:00Z", 9_000],
      ["year", "2027-01-01T00:00:00Z", 36_000],
      ["thirty", "2026-01-31T00:00:00Z", 3_000],
    ] as const) {
      const half = await tenant(`half-${from}`, "2026-01-01T00:00:00Z");
      await half.start({ plan: from });
      await half.to(new Date((Date.parse("2026-01-01T00:00:00Z") + Date.parse(end)) / 2).toISOString());
      await half.step("plan", { plan: "daily" });
      expect(linesOf((await half.invoices()).at(-1))[0]).toEqual(["credit", "base", -total / 2]);
    }
  });

  it("lesson 28: a local time that a clock change skips makes no endless loop, nor a whole day that a country skips", async () => {
    const skipped = await tenant("skipped", "2026-03-07T07:30:00Z", "America/New_York");
    await skipped.start({ plan: "daily" });
    await skipped.to("2026-03-09T12:00:00Z");
    // Half past two in the morning: on the 8th there is none.
    expect(await starts(skipped)).toEqual(["2026-03-07T07:30:00Z", "2026-03-08T07:00:00Z", "2026-03-09T06:30:00Z"]);
    const twice = await tenant("twice", "2026-10-31T05:30:00Z", "America/New_York");
    await twice.start({ plan: "daily" });
    await twice.to("2026-11-02T12:00:00Z");
    // Half past one: on the 1st of November it is there twice.
    expect(await starts(twice)).toEqual(["2026-10-31T05:30:00Z", "2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"]);
    // Samoa had no 30 December 2011.
    const samoa = await tenant("samoa", "2011-12-28T20:00:00Z", "Pacific/Apia");
    await samoa.start({ plan: "daily" });
    await samoa.to("2012-01-02T00:00:00Z");
    const days = await starts(samoa);
    expect(days).toEqual([...new Set(days)].sort());
    expect([days[0], days.at(-1)]).toEqual(["2011-12-28T20:00:00Z", "2012-01-01T20:00:00Z"]);
  });

  it("lesson 33: a balance that is adjusted at the instant of a change counts, and so does each of two changes", async () => {
    const both = await tenant("both", "2026-04-01T00:00:00Z");
    await both.start({ plan: "small" });
    await both.to("2026-04-16T00:00:00Z");
    await both.news();
    const [first] = await both.invoices();
    await world.must("POST", `/v1/invoices/${first.id}/credit-notes`, { amount: 500, settle: "balance" });
    await both.step("plan", { plan: "large" });
    await both.step("plan", { plan: "small" });
    await world.must("POST", `/v1/invoices/${first.id}/credit-notes`, { amount: 250, settle: "balance" });
    await both.step("plan", { plan: "large" });
    await both.to("2026-04-17T00:00:00Z");
    expect(await both.news()).toEqual([
      "invoice.credited",
      "subscription.plan_changed",
      ...ISSUED,
      "subscription.plan_changed",
      ...ISSUED,
      "invoice.paid",
      "invoice.credited",
      "subscription.plan_changed",
      ...ISSUED,
      "invoice.paid",
      ...COLLECTED,
    ]);
    const invoices = await both.invoices();
    const total = invoices.reduce((sum: number, invoice: { total: number }) => sum + invoice.total, 0);
    expect(total).toBe(1_500 + 4_500);
    const paid = invoices.reduce((sum: number, invoice: { amount_paid: number }) => sum + invoice.amount_paid, 0);
    // What was paid is what is owed, less the 7.50 that were given to the balance, as far as that is used up.
    expect(paid - (await both.balance())).toBe(total - 750);
  });
});
