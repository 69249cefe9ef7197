/**
 * Money is conserved under kill -9: an engine that is a process of its own is killed at random points of random operations, which are
 * sent again after its restart under the same idempotency keys. The equation of money holds, the books are proved, and they are those
 * of a quiet engine that lived the same operations. Seeded.
 */
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { verifyBooks } from "../../src/cli/verify/books.ts";
import { openPool, type Pool } from "../../src/db/pool.ts";
import { type Billwright, createBillwright } from "../../src/engine.ts";
import { parseLossless } from "../../src/lossless.ts";
import { seeded } from "../../src/simulation/random.ts";
import { digestBooks } from "../../src/simulation/year/digest.ts";
import { createTestDatabase, type TestDatabase } from "../database.ts";
import { freePort, killEngines, type Started, startEngine } from "../engine-process.ts";
import { expectMoneyConserved } from "../properties/money-equation.ts";
import { advance, begin, CATALOG, type Operation, operate, operation, type Run, type Send } from "../properties/money-operations.ts";
import { createWorld, TEST_KEY, type World } from "../world.ts";

const SEED = Number(process.env.MONEY_SEED ?? 4_400);
const OPERATIONS = 60;
const KILLS = 7;

/** An engine that is killed and started again; what is sent to it arrives, however often that takes. */
class Mortal {
  readonly #database: TestDatabase;
  readonly #pool: Pool;
  readonly #random = seeded(`${SEED} kills`);
  #engine: Started | null = null;
  #port = 0;
  #sent = 0;
  #wounded: Promise<unknown> | null = null;
  /** Requests that had to be sent again. */
  again = 0;
  deaths = 0;

  constructor(database: TestDatabase) {
    this.#database = database;
    this.#pool = openPool(database.url, 1, () => undefined);
  }

  async start(): Promise<void> {
    this.#port = await freePort();
    // Without a worker, so that what is collected when is a matter of the operations alone, as with the quiet one.
    this.#engine = startEngine(["serve", "--role", "api", "--port", String(this.#port)], {
      DATABASE_URL: this.#database.url,
      BILLWRIGHT_API_KEY: TEST_KEY,
      LOG_LEVEL: "silent",
    });
    await this.#engine.until("serves");
    // The leases of the dead would run out by themselves, in two minutes.
    await this.#pool.query("update payments set claimed_until = null");
    await this.#pool.query("update refunds set claimed_until = null");
  }

  /** It dies within some milliseconds, whatever it is doing then. */
  wound(): void {
    const engine = this.#engine!;
    this.#wounded = sleep(this.#random.whole(0, 45)).then(() => engine.end("SIGKILL"));
  }

  send: Send = async (method, url, body) => {
    const key = `crash-${SEED}-${this.#sent++}`;
    for (let attempt = 0; ; attempt++) {
      try {
        const answer = await this.#ask(method, url, body, key);
        // What the dead one had begun is undone when the database notices; until then it is under way.
        const wait = answer.status === 409 && (answer.body.code === "idempotency_in_progress" || url.endsWith("/advance"));
        if (!wait || attempt > 50) return answer;
        await sleep(100);
      } catch (error) {
        if (this.#wounded === null) throw error;
        this.again += 1;
        await this.revive();
      }
    }
  };

  async revive(): Promise<void> {
    if (this.#wounded === null) return;
    await this.#wounded;
    this.#wounded = null;
    this.deaths += 1;
    await this.start();
  }

  async end(): Promise<void> {
    await this.#engine?.end("SIGTERM");
    await this.#pool.end();
  }

  async #ask(method: string, url: string, body: unknown, key: string): ReturnType<Send> {
    const response = await fetch(`http://127.0.0.1:${this.#port}${url}`, {
      method,
      headers: {
        authorization: `Bearer ${TEST_KEY}`,
        ...(method === "GET" ? {} : { "idempotency-key": key }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === "" ? null : parseLossless(text) };
  }
}

describe("money, while the engine is killed", () => {
  let database: TestDatabase;
  let mortal: Mortal;
  let quiet: World;

  beforeAll(async () => {
    database = await createTestDatabase();
    mortal = new Mortal(database);
    await mortal.start();
    quiet = await createWorld();
  }, 120_000);
  afterAll(async () => {
    await quiet?.close();
    await mortal?.end();
    killEngines();
    await database?.drop();
  });

  it(`is conserved, and the books are those of an engine that lives (seed ${SEED})`, { timeout: 600_000 }, async () => {
    const operations = fc.sample(operation, { seed: SEED, numRuns: OPERATIONS });
    const random = seeded(`${SEED} when`);
    const wounds = new Set<number>();
    while (wounds.size < KILLS) wounds.add(random.whole(3, OPERATIONS - 2));
    const calm = await live((method, url, body) => quiet.call(method, url, body), operations);
    const crashed = await live(mortal.send, operations, async (index) => {
      await mortal.revive();
      if (wounds.has(index)) mortal.wound();
    });
    await mortal.revive();
    // Otherwise nobody died in the middle of anything.
    expect([mortal.deaths, mortal.again > 0]).toEqual([KILLS, true]);

    const after: Billwright = await createBillwright({ database: database.url, worker: false, config: { logLevel: "error" } });
    try {
      let sums = 0;
      for (const id of crashed.ids) sums += await expectMoneyConserved(after.ctx.pool, id);
      for (const id of calm.ids) await expectMoneyConserved(quiet.billing.ctx.pool, id);
      expect(sums).toBeGreaterThan(1);
      const verdicts = await verifyBooks(after.ctx.pool, { tenantId: null, usage: "all", limit: 5 }, () => undefined);
      expect(verdicts.filter(({ wrong }) => wrong > 0)).toEqual([]);
      expect((await digestBooks(after.ctx, crashed.clockId)).parts).toEqual((await digestBooks(quiet.billing.ctx, calm.clockId)).parts);
    } finally {
      await after.close();
    }
  });
});

async function live(send: Send, operations: readonly Operation[], before?: (index: number) => Promise<void>): Promise<Run> {
  const catalog = await send("PUT", "/v1/catalog", CATALOG);
  expect(catalog.status).toBe(200);
  const run = await begin(send, "c");
  for (const [index, one] of operations.entries()) {
    await before?.(index);
    await operate(run, one);
    // What was asked for is collected before the next, so that both have the same at that time.
    await advance(run, run.now);
  }
  await advance(run, run.now + 40 * 86_400_000);
  return run;
}
