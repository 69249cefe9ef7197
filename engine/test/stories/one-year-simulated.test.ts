/**
 * A year of a small business, lived through the API with a moved clock: its books are right, its figures are those that the terms of
 * its subscriptions say, every period is billed once without hole or overlap, and the same seed is the same year.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { verifyBooks } from "../../src/cli/verify/books.ts";
import { onPool } from "../../src/db/pool.ts";
import { apiOf } from "../../src/simulation/year/api.ts";
import catalog, { SELLER } from "../../src/simulation/year/catalog.ts";
import { type Digest, digestBooks } from "../../src/simulation/year/digest.ts";
import { beginYear, type Lived, liveYear, type Month } from "../../src/simulation/year/live.ts";
import { createWorld, TEST_KEY, type World } from "../world.ts";

const TENANTS = 20;

interface Lives {
  world: World;
  clockId: string;
  lived: Lived;
  digest: Digest;
}

async function live(
  seed: number,
  tenants: number,
  months: number,
  onMonth?: (world: World, month: Month) => Promise<void>,
): Promise<Lives> {
  const world = await createWorld({ config: { seller: SELLER } });
  const api = apiOf(world.billing.app, TEST_KEY);
  const clockId = await beginYear(api, { seed, tenants, months, catalog });
  const input = { seed, tenants, months, clockId };
  const lived = await liveYear(world.billing.ctx, api, input, { onMonth: (month) => onMonth?.(world, month) });
  return { world, clockId, lived: lived!, digest: await digestBooks(world.billing.ctx, clockId) };
}

describe("one year", () => {
  let year: Lives;
  const recomputed: string[] = [];
  const told: string[] = [];

  beforeAll(async () => {
    year = await live(7, TENANTS, 12, async (world, month) => {
      recomputed.push(await monthlyRevenue(world));
      told.push(cents(month.mrr));
    });
  }, 600_000);
  afterAll(() => year?.world.close());

  it("has books that are right, usage counted again from its events", async () => {
    const verdicts = await verifyBooks(year.world.billing.ctx.pool, { tenantId: null, usage: "all", limit: 20 }, () => undefined);
    expect(verdicts.filter(({ wrong }) => wrong > 0)).toEqual([]);
    expect(verdicts.reduce((sum, { checked }) => sum + checked, 0)).toBeGreaterThan(5_000);
  });

  it("has the recurring revenue, each month, that the terms of its subscriptions come to", () => {
    expect(told).toHaveLength(12);
    expect(told).toEqual(recomputed);
    expect(new Set(told).size).toBeGreaterThan(6);
  });

  it("explains each month's revenue by what moved it", () => {
    const { months } = year.lived;
    months.forEach((month, index) => {
      const before = index === 0 ? 0 : numberOf(months[index - 1]!.mrr);
      const moved = [month.fresh, month.reactivation, month.expansion].reduce((sum, part) => sum + numberOf(part), before);
      expect(moved - numberOf(month.contraction) - numberOf(month.churn)).toBeCloseTo(numberOf(month.mrr), 2);
    });
  });

  it("lived through everything that it is there for", async () => {
    const rows = await onPool(year.world.billing.ctx.pool).query<{ type: string }>("select distinct type from billing_events");
    expect(rows.map(({ type }) => type)).toEqual(
      expect.arrayContaining([
        "subscription.started",
        "subscription.trial_ending",
        "subscription.trial_ended",
        "subscription.renewed",
        "subscription.plan_changed",
        "subscription.updated",
        "subscription.paused",
        "subscription.resumed",
        "subscription.past_due",
        "subscription.canceled",
        "invoice.paid",
        "invoice.payment_failed",
        "invoice.credited",
        "payment.failed",
      ]),
    );
    const { invoices, recovered } = sums(year.lived.months);
    expect(invoices).toBeGreaterThan(100);
    expect(recovered).toBeGreaterThan(0);
    expect(year.lived.duplicates).toBeGreaterThan(0);
  });

  it("billed every period of every subscription exactly once, without hole or overlap", async () => {
    const wrong = await periodsOf(year.world, year.clockId);
    expect(wrong.broken).toEqual([]);
    expect(wrong.looked).toBeGreaterThan(100);
  });

  it("is the same year for the same seed, and another for another", { timeout: 600_000 }, async () => {
    const parts: Digest[] = [];
    for (const seed of [11, 11, 12]) {
      const { world, digest } = await live(seed, 12, 2);
      parts.push(digest);
      await world.close();
    }
    expect(parts[1]!.parts).toEqual(parts[0]!.parts);
    expect(parts[1]!.sha256).toBe(parts[0]!.sha256);
    expect(parts[2]!.sha256).not.toBe(parts[0]!.sha256);
    // Reading changes nothing.
    expect(await digestBooks(year.world.billing.ctx, year.clockId)).toEqual(year.digest);
  });
});

function sums(months: readonly Month[]): { invoices: number; recovered: number } {
  return {
    invoices: months.reduce((sum, month) => sum + month.invoices, 0),
    recovered: months.reduce((sum, month) => sum + month.recovered, 0),
  };
}

// To a hundredth of a cent.
function numberOf({ num, den }: Month["mrr"]): number {
  return Number(num.toFixed()) / Number(den.toFixed());
}

function cents(amount: Month["mrr"]): string {
  return numberOf(amount).toFixed(2);
}

// Amounts of flat prices, and of seats beyond those included, as the catalog's document declares them; dollars at the year's rates.
const RATES: Record<string, number> = { usd: 1, eur: 1.08, gbp: 1.26, inr: 0.012, jpy: 0.0067 * 100 };
const MONTHS: Record<string, number> = { week: 12 / 52, month: 1, year: 12 };

/** In cents, from what the API says of each tenant's subscription and from the catalog as it was written. */
async function monthlyRevenue(world: World): Promise<string> {
  let sum = 0;
  const { items } = await world.must("GET", "/v1/tenants?limit=100");
  for (const { tenant_id } of items) {
    const { status, plan: key, seats, currency } = await world.must("GET", `/v1/tenants/${tenant_id}/subscription`);
    if (status !== "active" && status !== "past_due") continue;
    const plan = catalog.plans!.find((one) => one.key === key)!;
    const other = plan.currencies?.[currency]?.prices ?? {};
    let monthly = 0;
    for (const price of plan.prices ?? []) {
      if (price.type === "usage") continue;
      // biome-ignore lint/suspicious/noExplicitAny: a bare amount, or an object of amounts
      const here: any = other[price.key] ?? price;
      const amount = typeof here === "object" ? (here.amount ?? here.unit_amount) : here;
      const tiers: { up_to: number | null; unit_amount: string }[] = here.tiers ?? price.tiers ?? [];
      const full =
        price.type === "flat"
          ? Number(amount)
          : price.tiers
            ? inTiers(tiers, seats)
            : Number(amount) * Math.max(0, seats - Number(price.included ?? 0));
      monthly += full / (MONTHS[plan.interval!]! * (plan.interval_count ?? 1));
    }
    // Rounded once for each subscription, to its currency's minor unit.
    sum += Math.round(monthly) * RATES[currency]!;
  }
  return sum.toFixed(2);
}

function inTiers(tiers: { up_to: number | null; unit_amount: string }[], seats: number): number {
  let below = 0;
  let sum = 0;
  for (const { up_to, unit_amount } of tiers) {
    const top = Math.min(seats, up_to ?? seats);
    sum += Math.max(0, top - below) * Number(unit_amount);
    below = Math.max(below, top);
  }
  return sum;
}

interface Stretch {
  id: string;
  kind: string;
  start: number;
  end: number;
}

/**
 * The time that flat prices sold, less what credits gave back, laid end to end for each subscription: from its first paid instant to
 * its last there is no hole but a pause, and nothing is sold twice. Lines that wait for the next invoice are sold too.
 */
async function periodsOf(world: World, clockId: string): Promise<{ looked: number; broken: unknown[] }> {
  const db = onPool(world.billing.ctx.pool);
  const lines = await db.query<Stretch>(
    `select l.subscription_id as id, l.kind, l.period_start as start, l.period_end as end from invoice_lines l join invoices i on i.id = l.invoice_id
     where i.test_clock_id = $1 and i.status <> 'void' and l.price_key = 'base' and l.kind in ('flat', 'credit')
     union all
     select l.subscription_id, l.kind, l.period_start, l.period_end from pending_lines l join subscriptions s on s.id = l.subscription_id
     where s.test_clock_id = $1 and l.price_key = 'base' and l.kind in ('flat', 'credit')`,
    [clockId],
  );
  const paused = await db.query<{ id: string; at: number; type: string }>(
    `select subject as id, occurred_at as at, type from billing_events e join tenants t on t.id = e.tenant_id
     where t.test_clock_id = $1 and type in ('subscription.paused', 'subscription.resumed') order by e.seq`,
    [clockId],
  );
  const subscriptions = await db.query<{ id: string; start: number; end: number }>(
    `select id, coalesce(trial_end, started_at) as start, coalesce(ended_at, current_period_end) as end from subscriptions
     where test_clock_id = $1 and status not in ('trialing', 'incomplete') and coalesce(trial_end, started_at) < coalesce(ended_at, current_period_end)`,
    [clockId],
  );
  const broken = subscriptions.flatMap((one) => {
    const pauses = paused.filter(({ id }) => id === one.id);
    const within = pauses.flatMap(({ at, type }, index) =>
      type === "subscription.paused" ? [{ start: at, end: pauses[index + 1]?.at ?? one.end }] : [],
    );
    return holesOf(
      one,
      lines.filter(({ id }) => id === one.id),
      within,
    );
  });
  return { looked: lines.length, broken };
}

function holesOf(life: Omit<Stretch, "kind">, lines: readonly Stretch[], pauses: readonly { start: number; end: number }[]): unknown[] {
  const cuts = [...lines, ...pauses, life].flatMap(({ start, end }) => [start, end]);
  const instants = [...new Set(cuts)].filter((at) => at >= life.start && at <= life.end).sort((a, b) => a - b);
  return instants.slice(1).flatMap((end, index) => {
    const start = instants[index]!;
    const holds = (stretch: { start: number; end: number }) => stretch.start <= start && end <= stretch.end;
    const sold = lines.filter(holds).reduce((sum, line) => sum + (line.kind === "credit" ? -1 : 1), 0);
    if (sold === 1 || (sold === 0 && pauses.some(holds))) return [];
    return [{ id: life.id, start: new Date(start), end: new Date(end), sold }];
  });
}
