/**
 * Money is conserved: after any sequence of operations over the API, on tenants of three currencies and taxes, what was invoiced is
 * paid, due, credited, written off or the tenant's balance (`money-equation.ts` says it exactly), and `verify` proves the books. Seeded.
 */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { verifyBooks } from "../../src/cli/verify/books.ts";
import { createWorld, type World } from "../world.ts";
import { expectMoneyConserved } from "./money-equation.ts";
import { advance, begin, CATALOG, type Operation, operate, operation, type Send } from "./money-operations.ts";

describe("money", () => {
  let world: World;
  let count = 0;
  let sums = 0;

  beforeAll(async () => {
    world = await createWorld();
    await world.must("PUT", "/v1/catalog", CATALOG);
  });
  afterAll(() => world.close());

  it("is conserved by any sequence of operations", { timeout: 600_000 }, async () => {
    await fc.assert(fc.asyncProperty(fc.array(operation, { minLength: 15, maxLength: 60, size: "max" }), live), {
      numRuns: Number(process.env.MONEY_RUNS ?? 20),
      seed: Number(process.env.MONEY_SEED ?? 4_400),
    });
    // Sequences in which nobody is billed would prove nothing.
    expect(sums).toBeGreaterThan(20);
  });

  async function live(operations: Operation[]): Promise<void> {
    const send: Send = async (method, url, body) => world.call(method, url, body);
    const run = await begin(send, `m${count++}`);
    for (const one of operations) await operate(run, one);
    // What was asked for is collected, and what is promised to a period comes with it.
    await advance(run, run.now + 40 * 86_400_000);
    for (const id of run.ids) {
      sums += await expectMoneyConserved(world.billing.ctx.pool, id);
      const verdicts = await verifyBooks(world.billing.ctx.pool, { tenantId: id, usage: "all", limit: 5 }, () => undefined);
      expect(verdicts.filter(({ wrong }) => wrong > 0)).toEqual([]);
    }
  }
});
