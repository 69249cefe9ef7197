/**
 * Failed payments are tried again under kill -9: workers are killed anywhere in the sweep and in the collecting, over many due
 * invoices. The gateway's own memory is the witness that none was charged twice; a quiet twin lives the same days, and its books say
 * what each step must have come to.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { retryDue } from "../../src/billing/invoices/retry.ts";
import { collectDue } from "../../src/billing/payments/collect.ts";
import { verifyBooks } from "../../src/cli/verify/books.ts";
import { onPool } from "../../src/db/pool.ts";
import { seeded } from "../../src/simulation/random.ts";
import { digestBooks } from "../../src/simulation/year/digest.ts";
import { createWorld, type World } from "../world.ts";

const CHILD = fileURLToPath(new URL("./retry-child.ts", import.meta.url));
const TENANTS = 120;
const DAY = 86_400_000;
const START = Date.parse("2026-01-01T00:00:00Z");
const SEED = "4400";

interface Business {
  world: World;
  clockId: string;
}

/** So many tenants whose first payment failed; nothing is due before the first retry, a day later. */
async function failing(): Promise<Business> {
  const world = await createWorld();
  const clock = await world.clock("2026-01-01T00:00:00Z");
  const plans = ["cancel", "keep", "expire"].map((after_dunning) => ({
    key: after_dunning,
    name: after_dunning,
    currency: "usd",
    interval: "month",
    after_dunning,
    prices: [{ key: "base", type: "flat", amount: 1_000 }],
  }));
  await world.must("PUT", "/v1/catalog", { plans });
  for (let i = 0; i < TENANTS; i++) {
    await world.must("PUT", `/v1/tenants/t${i}`, { test_clock: clock.id });
    await card({ world, clockId: clock.id }, i, "tok_declined");
    await world.must("POST", `/v1/tenants/t${i}/subscription`, { plan: plans[i % 3]!.key });
  }
  await clock.to("2026-01-01T12:00:00Z");
  return { world, clockId: clock.id };
}

async function card({ world }: Business, index: number, token: string): Promise<void> {
  await world.must("POST", `/v1/tenants/t${index}/payment-methods/setup-intent`, { token });
}

/** Before the retries of these days, every fifth tenant puts in a card that works; three fifths of them in all. */
async function mend(business: Business, day: number): Promise<void> {
  const fifth = { 3: 0, 5: 1, 7: 2 }[day];
  for (let i = 0; i < TENANTS; i++) if (i % 5 === fifth) await card(business, i, "tok_visa");
}

describe("retries of failed payments", () => {
  let killed: Business;
  let quiet: Business;

  beforeAll(async () => {
    [killed, quiet] = await Promise.all([failing(), failing()]);
  }, 240_000);
  afterAll(async () => {
    await killed?.world.close();
    await quiet?.world.close();
  });

  it("survive kill -9 of two workers at any step: charged once, none forgotten, as if nothing had happened", {
    timeout: 600_000,
  }, async () => {
    const random = seeded(SEED);
    let kills = 0;
    let torn = 0;
    for (const day of [1, 3, 5, 7]) {
      const now = START + day * DAY;
      await mend(killed, day);
      await mend(quiet, day);
      await setClock(killed, now);
      for (let round = 0; round < 2; round++) {
        // From before the first write to somewhere in the collecting.
        const ends = await Promise.all([work(now, random.whole(2, 150)), work(now, random.whole(30, 400))]);
        kills += ends.filter((end) => end === "killed").length;
        torn += await underway();
        // The lease of the dead would run out by itself, in two minutes.
        await killed.world.billing.ctx.pool.query("update payments set claimed_until = null");
      }
      // What they left is done by a worker that lives.
      await retryDue(killed.world.billing.ctx, { now, testClockId: killed.clockId });
      await collectDue(killed.world.billing.ctx, { testClockId: killed.clockId });
      await quiet.world.must("POST", `/v1/test-clocks/${quiet.clockId}/advance`, { to: new Date(now).toISOString() });
      await proveDay(day);
    }
    // Otherwise nothing was interrupted, and nothing shown.
    expect([kills > 4, torn > 0], `seed ${SEED}: ${kills} kills, ${torn} attempts under way`).toEqual([true, true]);
  });

  async function work(now: number, killAfterMs: number): Promise<"killed" | "done"> {
    const child = spawn(process.execPath, [CHILD, killed.world.billing.databaseUrl, killed.clockId, String(now)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const ended = once(child, "exit");
    for await (const line of createInterface({ input: child.stdout })) {
      if (line === "ready") void sleep(killAfterMs).then(() => child.kill("SIGKILL"));
    }
    const [code, signal] = await ended;
    if (signal === "SIGKILL") return "killed";
    expect([code, signal]).toEqual([0, null]);
    return "done";
  }

  const underway = async () => {
    const [row] = await onPool(killed.world.billing.ctx.pool).query<{ n: number }>(
      "select count(*)::int as n from payments where status = 'requested' and claimed_until is not null",
    );
    return row!.n;
  };

  async function setClock({ world, clockId }: Business, now: number): Promise<void> {
    await world.billing.ctx.pool.query("update test_clocks set now_at = $2 where id = $1", [clockId, new Date(now)]);
  }

  async function proveDay(day: number): Promise<void> {
    const db = onPool(killed.world.billing.ctx.pool);
    // What the gateway took: for no invoice twice, for each attempt what it was asked.
    const taken = await db.query<{ invoice_id: string; times: number }>(
      `select p.invoice_id, count(*)::int as times from sandbox_charges c join payments p on p.id = c.idempotency_key
       where c.answer ->> 'status' = 'succeeded' group by 1`,
    );
    expect(taken.filter(({ times }) => times !== 1)).toEqual([]);
    const mended = [3, 5, 7].filter((one) => one <= day).length;
    expect(taken).toHaveLength((TENANTS / 5) * mended);
    const [lost] = await db.query<{ n: number }>(
      `select count(*)::int as n from sandbox_charges c full join payments p on p.id = c.idempotency_key
       where p.id is null or c.idempotency_key is null or p.status <> c.answer ->> 'status'`,
    );
    expect(lost!.n).toBe(0);
    // Each invoice had one attempt a day of the schedule until it was paid: none forgotten, none too many.
    const attempts = await db.query<{ status: string; retries: number; attempts: number; n: number }>(
      `select i.status, i.retries, (select count(*)::int from payments p where p.invoice_id = i.id) as attempts, count(*)::int as n
       from invoices i group by 1, 2, 3 order by 1, 3`,
    );
    const steps = [1, 3, 5, 7].filter((one) => one <= day).length;
    expect(attempts.find(({ status }) => status === "open")).toEqual({
      status: "open",
      retries: steps,
      attempts: steps + 1,
      n: TENANTS - (TENANTS / 5) * mended,
    });
    expect(attempts.every(({ retries, attempts: tried }) => tried === retries + 1)).toBe(true);
    expect((await digestBooks(killed.world.billing.ctx, killed.clockId)).parts).toEqual(
      (await digestBooks(quiet.world.billing.ctx, quiet.clockId)).parts,
    );
    const verdicts = await verifyBooks(killed.world.billing.ctx.pool, { tenantId: null, usage: "none", limit: 5 }, () => undefined);
    expect(verdicts.filter(({ wrong }) => wrong > 0)).toEqual([]);
  }
});
