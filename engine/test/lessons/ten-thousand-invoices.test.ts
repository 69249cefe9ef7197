/** Billing day: four engines, each a process of its own, on one database, and ten thousand invoices over the turn of a fiscal year. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { verifyBooks } from "../../src/cli/verify/books.ts";
import { onPool } from "../../src/db/pool.ts";
import { createWorld, type World } from "../world.ts";

const CHILD = fileURLToPath(new URL("../crash/renew-child.ts", import.meta.url));
const TENANTS = 5_000;
const WORKERS = 4;

describe("ten thousand invoices", () => {
  let world: World;
  let clockId: string;

  beforeAll(async () => {
    world = await createWorld({ config: { fiscalYearStartMonth: 4 } });
    clockId = (await world.clock("2026-02-01T00:00:00Z")).id;
    await world.must("PUT", "/v1/catalog", {
      coupons: [{ key: "once", amount_off: 250, currency: "usd", duration: "once" }],
      plans: [{ key: "p", name: "P", currency: "usd", interval: "month", prices: [{ key: "base", type: "flat", amount: 100 }] }],
    });
    await world.must("PUT", "/v1/tenants/t", { currency: "usd", test_clock: clockId });
    await world.must("POST", "/v1/tenants/t/subscription", { plan: "p" });
    await world.must("POST", "/v1/tenants/t/discounts", { coupon: "once" });
    const db = onPool(world.billing.ctx.pool);
    // The others are copies of the one that came over the API, for it would take minutes to ask for each.
    for (const [table, columns] of [
      ["tenants", { id: "'t' || n" }],
      ["subscriptions", { id: "id || n", tenant_id: "'t' || n" }],
      ["discounts", { id: "id || n", tenant_id: "'t' || n" }],
    ] as [string, Record<string, string>][]) {
      const names = await db.query<{ name: string }>(
        `/* all tenants: of a table */ select column_name as name from information_schema.columns
         where table_schema = 'public' and table_name = $1 and is_identity = 'NO' and is_generated = 'NEVER'`,
        [table],
      );
      const list = names.map(({ name }) => name);
      await db.query(
        `/* all tenants: copies of the one */ insert into ${table} (${list.join(", ")})
         select ${list.map((name) => columns[name] ?? `${table}.${name}`).join(", ")} from ${table}, generate_series(2, ${TENANTS}) n`,
      );
      await db.query(`analyze ${table}`);
    }
  }, 120_000);
  afterAll(() => world.close());

  it("lesson 29: four workers leave no gap, no number twice, no invoice stuck and no coupon used up twice", {
    timeout: 300_000,
  }, async () => {
    await Promise.all(Array.from({ length: WORKERS }, () => worker(["2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z"])));
    const db = onPool(world.billing.ctx.pool);
    const series = await db.query<{ series: string; invoices: number; numbers: number; first: number; last: number }>(
      `/* all tenants: numbers run through all of them */
       select substring(number from '^(.+)-[0-9]+$') as series, count(*)::int as invoices, count(distinct number)::int as numbers,
         min(right(number, 6)::int) as first, max(right(number, 6)::int) as last
       from invoices group by 1 order by 1`,
    );
    // The fiscal year begins in April. Who is ready with March goes on to April, and may bill there what others had left of March.
    expect(series.map(({ series: name }) => name)).toEqual(["INV-2025-26", "INV-2026-27"]);
    for (const { invoices, numbers, first, last } of series) expect([first, last, numbers]).toEqual([1, invoices, invoices]);
    // The first one is the one of the start.
    expect(series.reduce((sum, { invoices }) => sum + invoices, 0)).toBe(2 * TENANTS + 1);
    const stuck = await db.query(
      `/* all tenants */ select id from invoices where number is null or issued_at is null or status not in ('open', 'paid')
         or (amount_due > 0 and not exists (select 1 from payments p where p.invoice_id = invoices.id and p.tenant_id = invoices.tenant_id))`,
    );
    expect(stuck).toEqual([]);
    const [behind] = await db.query(
      "/* all tenants */ select count(*)::int as n from subscriptions where due_at <= '2026-04-01T00:00:00Z'",
    );
    expect(behind).toEqual({ n: 0 });
    // A copy has had no first invoice, so that March bills two months; of 2.50 that are off, 0.50 are left for April.
    const used = await db.query(
      `/* all tenants */ select sum(discount)::int as off, count(*)::int as n from invoices where tenant_id <> 't'
       group by period_start order by period_start`,
    );
    expect(used).toEqual([
      { off: 200 * (TENANTS - 1), n: TENANTS - 1 },
      { off: 50 * (TENANTS - 1), n: TENANTS - 1 },
    ]);
    const verdicts = await verifyBooks(world.billing.ctx.pool, { tenantId: null, usage: "all", limit: 20 }, () => undefined);
    expect(verdicts.filter(({ wrong }) => wrong > 0)).toEqual([]);
  });

  async function worker(instants: string[]): Promise<void> {
    const child = spawn(process.execPath, [CHILD, world.billing.databaseUrl, clockId, instants.map(Date.parse).join(), "100"], {
      env: { ...process.env, FISCAL_YEAR_START_MONTH: "4" },
      stdio: ["ignore", "ignore", "inherit"],
    });
    expect(await once(child, "exit")).toEqual([0, null]);
  }
});
