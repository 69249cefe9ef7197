/** The invoice run under kill -9, by several workers at once, run again: the same books as one quiet run. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { onPool } from "../../src/db/pool.ts";
import { createWorld, type World } from "../world.ts";

const CHILD = fileURLToPath(new URL("./renew-child.ts", import.meta.url));
const TENANTS = 300;
const NOW = Date.parse("2026-02-01T00:00:00Z");

describe("an invoice run", () => {
  let world: World;
  let clockId: string;

  beforeAll(async () => {
    world = await createWorld();
    const clock = await world.clock("2026-01-01T00:00:00Z");
    clockId = clock.id;
    await world.must("PUT", "/v1/catalog", {
      meters: [{ key: "units", event: "unit", aggregation: "sum" }],
      plans: [
        {
          key: "p",
          name: "P",
          currency: "usd",
          interval: "month",
          prices: [
            { key: "base", type: "flat", amount: 1_000 },
            { key: "units", type: "usage", meter: "units", unit_amount: "1.5" },
          ],
        },
      ],
    });
    for (let i = 0; i < TENANTS; i++) {
      await world.must("PUT", `/v1/tenants/t${i}`, { currency: "usd", test_clock: clock.id });
      await world.must("POST", `/v1/tenants/t${i}/subscription`, { plan: "p" });
    }
    await world.must(
      "POST",
      "/v1/usage",
      Array.from({ length: TENANTS }, (_, i) => ({ tenant_id: `t${i}`, event: "unit", amount: i, idempotency_key: "1" })),
    );
  }, 120_000);
  afterAll(() => world.close());

  it("survives kill -9 at any step, with two workers, and makes each invoice once", { timeout: 180_000 }, async () => {
    for (let round = 0; round < 6; round++) {
      await Promise.all([worker(round === 5 ? null : 1 + round * 2), worker(round === 5 ? null : 2 + round)]);
    }
    await verify();
    // Running it again changes nothing.
    await worker(null);
    await verify();
  });

  // Ends by itself, or is killed as soon as it has reported so many chunks.
  async function worker(killAfterChunks: number | null): Promise<void> {
    const child = spawn(process.execPath, [CHILD, world.billing.databaseUrl, clockId, String(NOW), "7"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const ended = once(child, "exit");
    let chunks = 0;
    for await (const line of createInterface({ input: child.stdout })) {
      if (/^\d+$/.test(line)) chunks += 1;
      if (killAfterChunks !== null && chunks >= killAfterChunks) child.kill("SIGKILL");
    }
    const [code, signal] = await ended;
    if (killAfterChunks === null) expect([code, signal]).toEqual([0, null]);
  }

  async function verify(): Promise<void> {
    const db = onPool(world.billing.ctx.pool);
    const invoices = await db.query<{ tenant_id: string; total: bigint; number: string; lines: number; sum: string }>(
      `select i.tenant_id, i.total, i.number, count(l.id)::int as lines, sum(l.amount)::text as sum
       from invoices i join invoice_lines l on l.invoice_id = i.id where i.reason = 'period' group by i.id`,
    );
    expect(invoices).toHaveLength(TENANTS);
    for (const invoice of invoices) {
      const units = Number(invoice.tenant_id.slice(1));
      // 1.5 × units, half away from zero, and the next month's base.
      expect(invoice.total).toBe(BigInt(Math.floor((units * 3 + 1) / 2)) + 1_000n);
      expect(invoice.sum).toBe(invoice.total.toString());
      expect(invoice.lines).toBe(2);
    }
    const numbers = await db.query<{ n: number }>("select right(number, 6)::int as n from invoices order by 1");
    expect(numbers.map((row) => row.n)).toEqual(Array.from({ length: 2 * TENANTS }, (_, i) => i + 1));
    const events = await db.query<{ type: string; n: number }>("select type, count(*)::int as n from billing_events group by 1");
    const count = Object.fromEntries(events.map((row) => [row.type, row.n]));
    expect(count).toMatchObject({ "subscription.renewed": TENANTS, "invoice.created": 2 * TENANTS, "invoice.finalized": 2 * TENANTS });
    const [payments] = await db.query<{ n: number }>("select count(*)::int as n from payments");
    expect(payments!.n).toBe(2 * TENANTS);
  }
});
