/**
 * Any sequence of changes of plan and seats, over the API and over several periods, on invoices at once or on the next one: each
 * period costs what its parts cost, to the minor unit; a dry run says exactly what comes; and the money adds up. Seeded.
 */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tenantOf } from "../stories/tenant.ts";
import { createWorld, type World } from "../world.ts";

const HOUR = 3_600_000;
/** Minor units a month: of the time itself, and of each seat beyond those included. */
const PLANS = {
  free: { base: 0, seat: 0, included: 0 },
  small: { base: 999, seat: 333, included: 3 },
  large: { base: 4_901, seat: 1_250, included: 1 },
} as const;
type Key = keyof typeof PLANS;
const KEYS = Object.keys(PLANS) as Key[];

const step = fc.record({
  hours: fc.integer({ min: 0, max: 400 }),
  plan: fc.option(fc.constantFrom(...KEYS)),
  seats: fc.nat(8),
  later: fc.boolean(),
});

describe("changes of plan and seats", () => {
  let world: World;
  let count = 0;

  beforeAll(async () => {
    world = await createWorld();
    await world.must("PUT", "/v1/catalog", {
      plans: KEYS.map((key) => ({
        key,
        name: key,
        currency: "usd",
        interval: "month",
        prices: [
          { key: "base", type: "flat", amount: PLANS[key].base },
          { key: "seats", type: "seat", unit_amount: String(PLANS[key].seat), included: PLANS[key].included },
        ],
      })),
    });
  });
  afterAll(() => world.close());

  it("conserve money", { timeout: 120_000 }, async () => {
    await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 7 }), fc.constantFrom(...KEYS), fc.nat(8), live), {
      numRuns: 25,
      seed: 4_400,
    });
  });

  async function live(steps: { hours: number; plan: Key | null; seats: number; later: boolean }[], first: Key, firstSeats: number) {
    const id = `t${count++}`;
    const start = Date.UTC(2026, 0, 31);
    const clock = await world.clock(new Date(start).toISOString());
    await world.must("PUT", `/v1/tenants/${id}`, { currency: "usd", test_clock: clock.id });
    const tenant = tenantOf(world, id);
    let terms = { plan: first, seats: firstSeats };
    await tenant.start(terms);
    const history = [{ at: start, ...terms }];
    let now = start;
    for (const { hours, plan, seats, later } of steps) {
      now += hours * HOUR;
      await clock.to(new Date(now).toISOString());
      const proration = later ? "next_invoice" : "invoice_now";
      if (plan === null) {
        expect((await tenant.patch({ seats, proration })).status).toBe(200);
      } else {
        const dry = (await tenant.step("plan", { plan, seats, proration, dry_run: true })).body;
        const before = (await tenant.invoices()).length;
        expect((await tenant.step("plan", { plan, seats, proration })).body).toMatchObject({ plan, seats });
        const made = (await tenant.invoices()).slice(before).flatMap((invoice) => invoice.lines);
        if (!later) expect(made.slice(made.length - dry.lines.length).map(bare)).toEqual(dry.lines.map(bare));
      }
      terms = { plan: plan ?? terms.plan, seats };
      history.push({ at: now, ...terms });
    }
    const { current_period_end } = await tenant.subscription();
    const preview = await tenant.upcoming();
    await clock.to(current_period_end);
    const invoices = await tenant.invoices();
    expect(invoices.at(-1)).toMatchObject({ reason: "period", total: preview.total });

    const sold = new Map<string, bigint>();
    for (const line of invoices.flatMap((invoice) => invoice.lines)) {
      const key = `${line.price} ${line.period_end}`;
      sold.set(key, (sold.get(key) ?? 0n) + BigInt(line.amount));
    }
    for (const period of periodsOf(invoices)) {
      for (const price of ["base", "seats"] as const) {
        expect([period.end, price, sold.get(`${price} ${text(period.end)}`) ?? 0n]).toEqual([
          period.end,
          price,
          costOf(price, period, history),
        ]);
      }
    }
    // Invoiced = paid + due − what is left to the tenant's credit.
    const sum = (field: string) => invoices.reduce((total, invoice) => total + invoice[field], 0);
    expect(sum("amount_paid") + sum("amount_due") - (await tenant.balance())).toBe(sum("total"));
  }
});

const bare = (line: object) => ({ ...line, id: null });
const text = (at: number) => new Date(at).toISOString().replace(".000Z", "Z");

interface Stretch {
  start: number;
  end: number;
}

/** The whole periods that were sold: those of lines that are no proration. */
function periodsOf(invoices: { lines: { proration: boolean; period_start: string; period_end: string }[] }[]): Stretch[] {
  const found = new Map<number, Stretch>();
  for (const line of invoices.flatMap((invoice) => invoice.lines)) {
    if (line.proration) continue;
    const period = { start: Date.parse(line.period_start), end: Date.parse(line.period_end) };
    found.set(period.end, period);
  }
  return [...found.values()];
}

/** Σ price × seconds ÷ seconds of the period over the terms in force, rounded once, half up. */
function costOf(price: "base" | "seats", period: Stretch, history: { at: number; plan: Key; seats: number }[]): bigint {
  const seconds = BigInt((period.end - period.start) / 1_000);
  let sum = 0n;
  history.forEach(({ at, plan, seats }, index) => {
    const from = Math.max(at, period.start);
    const to = Math.min(history[index + 1]?.at ?? Number.POSITIVE_INFINITY, period.end);
    if (from >= to) return;
    const { base, seat, included } = PLANS[plan];
    const monthly = price === "base" ? base : seat * Math.max(0, seats - included);
    sum += BigInt(monthly) * BigInt((to - from) / 1_000);
  });
  return (2n * sum + seconds) / (2n * seconds);
}
