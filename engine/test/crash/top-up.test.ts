/**
 * Automatic top-up under kill -9, by several workers at once: each tenant buys once, is charged once, and has its credits once; by the
 * calendar too, occurrence by occurrence.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { topUpDue } from "../../src/billing/invoices/top-up.ts";
import { collectDue } from "../../src/billing/payments/collect.ts";
import { onPool } from "../../src/db/pool.ts";
import { createWorld, type World } from "../world.ts";

const CHILD = fileURLToPath(new URL("./top-up-child.ts", import.meta.url));
const TENANTS = 40;
const START = "2026-01-10T00:00:00Z";

describe("automatic top-up", () => {
  let world: World;
  let clockId: string;

  beforeAll(async () => {
    world = await createWorld();
    clockId = (await world.clock(START)).id;
    await world.must("PUT", "/v1/catalog", { credit_products: [{ key: "pack", credits: 100, amount: 500, currency: "usd" }] });
    for (let i = 0; i < TENANTS; i++) {
      await world.must("PUT", `/v1/tenants/t${i}`, { currency: "usd", test_clock: clockId });
      await world.must("PUT", `/v1/tenants/t${i}/credits/top-up`, { product: "pack", threshold: 50 });
    }
  }, 120_000);
  afterAll(() => world.close());

  it("survives kill -9 at any step", { timeout: 240_000 }, async () => {
    for (const delay of [5, 60, 150, 300]) {
      await Promise.all([worker(delay), worker(delay + 40)]);
      // Leases run in real time; the next worker need not wait for them.
      await query("update payments set claimed_until = null");
    }
    await Promise.all([worker(null), worker(null)]);
    const [row] = await query<Record<string, number>>(`
      select (select count(*)::int from credit_top_up_runs where status = 'granted') as runs, (select count(*)::int from credit_top_up_runs) as all_runs,
        (select count(*)::int from invoices where status = 'paid') as invoices, (select count(*)::int from payments where status = 'succeeded') as payments,
        (select count(*)::int from payments) as attempts, (select count(*)::int from sandbox_charges) as charges,
        (select count(*)::int from credit_wallets where available = 100) as wallets`);
    const n = TENANTS;
    expect(row).toEqual({ runs: n, all_runs: n, invoices: n, payments: n, attempts: n, charges: n, wallets: n });
  });

  it("by the calendar settles each occurrence once, killed at any step", { timeout: 240_000 }, async () => {
    const tenants = 12;
    const clock = await world.clock(START);
    for (let i = 0; i < tenants; i++) {
      await world.must("PUT", `/v1/tenants/c${i}`, { currency: "usd", test_clock: clock.id });
      await world.must("PUT", `/v1/tenants/c${i}/credits/top-up-rules/packs`, { product: "pack", interval: "day" });
      await world.must("PUT", `/v1/tenants/c${i}/credits/top-up-rules/gift`, { source: "promotion", amount: 7, interval: "day" });
    }
    // Late: of each rule three occurrences are due.
    const now = Date.parse(START) + 2 * 86_400_000;
    for (const delay of [5, 100, 250]) {
      await Promise.all([worker(delay, clock.id, now), worker(delay + 60, clock.id, now)]);
      await query("update payments set claimed_until = null");
    }
    for (let i = 0; i < 4; i++) {
      await topUpDue(world.billing.ctx, { now, testClockId: clock.id });
      await collectDue(world.billing.ctx, { testClockId: clock.id });
    }
    const [row] = await query<Record<string, number>>(`
      select (select count(*)::int from credit_top_up_occurrences where status = 'granted') as gifts,
        (select count(*)::int from credit_top_up_occurrences where status = 'purchased') as bought, (select count(*)::int from credit_top_up_occurrences) as all_of_them,
        (select count(*)::int from credit_top_up_runs where rule_id is not null) as runs,
        (select count(*)::int from sandbox_charges c join payments p on p.id = c.idempotency_key where p.tenant_id like 'c%') as charges,
        (select count(*)::int from credit_wallets where tenant_id like 'c%' and available = 321) as wallets`);
    const n = 3 * tenants;
    expect(row).toEqual({ gifts: n, bought: n, all_of_them: 2 * n, runs: n, charges: n, wallets: tenants });
  });

  const query = <T extends object>(text: string) => onPool(world.billing.ctx.pool).query<T>(text);

  /** Ends by itself, or is killed so many milliseconds after it began to work. */
  async function worker(killAfterMs: number | null, clock = clockId, now = Date.parse(START)): Promise<void> {
    const args = [CHILD, world.billing.databaseUrl, clock, String(now)];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    const ended = once(child, "exit");
    for await (const line of createInterface({ input: child.stdout })) {
      if (line === "ready" && killAfterMs !== null) setTimeout(() => child.kill("SIGKILL"), killAfterMs);
    }
    await ended;
  }
});
