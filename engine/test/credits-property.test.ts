/**
 * The function of the database against the pure rule, on random grants and sequences: the same outcomes, the same grants used, the same
 * left over; and random deeds of every kind after which the books are right. Seeded.
 */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ENGINE } from "../src/auth/principal.ts";
import { burnAll, spendable, sumOf } from "../src/billing/credits/burn.ts";
import { consumeMany, isUsedKey, type Placed } from "../src/billing/credits/consume-store.ts";
import type { Grant } from "../src/billing/credits/grant.ts";
import { grantMany } from "../src/billing/credits/grant-credits.ts";
import { findGrants } from "../src/billing/credits/store.ts";
import { proveCredits } from "../src/billing/credits/verify.ts";
import { type Decimal, decimal, ZERO } from "../src/billing/money/decimal.ts";
import { commit } from "../src/commit.ts";
import { onPool } from "../src/db/pool.ts";
import { newId } from "../src/ids.ts";
import { createWorld, type World } from "./world.ts";

const SEED = 4_406;
const HOUR = 3_600_000;
const START = Date.UTC(2026, 0, 1);

let world: World;
let made = 0;
beforeAll(async () => {
  world = await createWorld();
  console.info(`seed ${SEED}`);
});
afterAll(() => world.close());

const amount = fc
  .tuple(fc.integer({ min: 0, max: 60 }), fc.constantFrom("", ".5", ".25", ".000000000001"))
  .map(([whole, part]) => `${whole}${part}`)
  .filter((text) => Number(text) > 0);
const grant = fc.record({
  amount,
  priority: fc.constantFrom(5, 10, 20),
  from: fc.integer({ min: -3, max: 3 }),
  hours: fc.option(fc.integer({ min: 1, max: 5 })),
  // Within a second, expiries count as the same.
  ms: fc.constantFrom(0, 300, 900),
  madeAt: fc.integer({ min: -10, max: -8 }),
});
const request = fc.record({ amount, partial: fc.boolean(), key: fc.option(fc.integer({ min: 0, max: 5 })) });
const flight = fc.record({ at: fc.integer({ min: 0, max: 3 }), requests: fc.array(request, { minLength: 1, maxLength: 12 }) });

describe("consumption", () => {
  it("is decided by the database as by the rule", { timeout: 180_000 }, async () => {
    const run = fc.asyncProperty(fc.array(grant, { maxLength: 7 }), fc.array(flight, { minLength: 1, maxLength: 6 }), live);
    await fc.assert(run, { numRuns: 80, seed: SEED });
    expect((await proveCredits(onPool(world.billing.ctx.pool), null)).filter(({ wrong }) => wrong > 0)).toEqual([]);
  });

  type G = typeof grant extends fc.Arbitrary<infer T> ? T : never;
  type F = typeof flight extends fc.Arbitrary<infer T> ? T : never;

  async function live(grants: G[], flights: F[]): Promise<void> {
    const { ctx } = world.billing;
    const db = onPool(ctx.pool);
    const tenantId = `p${made++}`;
    await world.must("PUT", `/v1/tenants/${tenantId}`, {});
    const rows = await commit(ctx, { principal: ENGINE, now: START }, (tx) =>
      grantMany(
        tx,
        grants.map((one) => ({
          tenantId,
          amount: decimal(one.amount),
          source: "promotion" as const,
          priority: one.priority,
          at: START + one.madeAt * HOUR,
          effectiveAt: START + one.from * HOUR,
          expiresAt: one.hours === null ? null : START + (one.from + one.hours) * HOUR + one.ms,
        })),
      ),
    );
    const model = new Map<string, Grant>(
      rows.map(({ grant: row }) => [
        row!.id,
        {
          id: row!.id,
          priority: row!.priority,
          effectiveAt: row!.effective_at,
          expiresAt: row!.expires_at,
          createdAt: row!.created_at,
          remaining: decimal(row!.amount),
        },
      ]),
    );
    const keys = new Map<number, string>();
    // Also back in time: clocks of several processes differ.
    for (const { at, requests } of flights) {
      const now = START + at * HOUR;
      const seen = new Set<number>();
      // A key stands once in a flight.
      const sent = requests.filter(({ key }) => key === null || (!seen.has(key) && seen.add(key)));
      const placed = sent.map(
        (one): Placed => ({
          id: newId("transaction"),
          now,
          request: {
            tenantId,
            amount: decimal(one.amount),
            byPlan: null,
            partial: one.partial,
            eventName: null,
            quantity: null,
            key: one.key === null ? null : `k${one.key}`,
            fingerprint: one.key === null ? null : fingerprint(one.amount),
          },
        }),
      );
      const consume = (look: boolean) => consumeMany(db, placed, { defaultPlan: null, threshold: null, look });
      const decisions = await consume(false).catch((error: unknown) => {
        if (!isUsedKey(error)) throw error;
        return consume(true);
      });
      expect(
        decisions.map(({ outcome, amount: much, grant_id }) => ({
          outcome,
          much: much === null ? null : decimal(much).toFixed(),
          grant_id,
        })),
      ).toEqual(sent.map((one) => decide(model, keys, one, now)));
    }
    const left = await findGrants(db, tenantId, [...model.keys()]);
    expect(Object.fromEntries(left.map((row) => [row.id, decimal(row.remaining).toFixed()]))).toEqual(
      Object.fromEntries([...model.values()].map((one) => [one.id, one.remaining.toFixed()])),
    );
  }

  function decide(model: Map<string, Grant>, keys: Map<number, string>, asked: F["requests"][number], now: number) {
    const known = asked.key === null ? undefined : keys.get(asked.key);
    if (known !== undefined) return { outcome: known === fingerprint(asked.amount) ? "known" : "reused", much: null, grant_id: null };
    if (asked.key !== null) keys.set(asked.key, fingerprint(asked.amount));
    const grants = [...model.values()];
    const available = sumOf(spendable(grants, now));
    const wanted: Decimal = decimal(asked.amount);
    const need = asked.partial && available.lt(wanted) ? available : wanted;
    const parts = burnAll(grants, need, now);
    if (parts === null) return { outcome: "insufficient", much: need.toFixed(), grant_id: null };
    for (const part of parts) {
      const one = model.get(part.grantId)!;
      model.set(one.id, { ...one, remaining: one.remaining.minus(part.amount) });
    }
    return { outcome: "consumed", much: need.toFixed(), grant_id: parts.length === 1 ? parts[0]!.grantId : null };
  }

  function fingerprint(text: string): string {
    return `00000000-0000-0000-0000-${decimal(text).times(decimal("1000000000000")).toFixed().padStart(12, "0").slice(-12)}`;
  }
});

const deed = fc.record({
  what: fc.constantFrom("grant", "consume", "hold", "capture", "release", "give", "time"),
  who: fc.nat(1),
  amount,
  pick: fc.nat(5),
  hours: fc.integer({ min: 1, max: 30 }),
});

describe("deeds of every kind", () => {
  it("leave right books, and neither make nor lose a credit", { timeout: 180_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(deed, { minLength: 5, maxLength: 25 }), async (deeds) => {
        const clock = await world.clock("2026-01-01T00:00:00Z");
        const ids = [`d${made++}`, `d${made++}`];
        for (const id of ids) await world.must("PUT", `/v1/tenants/${id}`, { test_clock: clock.id });
        const holds: string[][] = [[], []];
        let now = START;
        let granted = ZERO;
        for (const { what, who, amount: much, pick, hours } of deeds) {
          const url = `/v1/tenants/${ids[who]!}/credits`;
          const hold = holds[who]![pick];
          if (what === "time") {
            now += hours * HOUR;
            await clock.to(new Date(now).toISOString());
          } else if (what === "grant") {
            const expires = pick < 3 ? { expires_at: new Date(now + hours * HOUR).toISOString() } : {};
            const source = (["purchase", "plan", "promotion", "adjustment"] as const)[pick % 4]!;
            await world.must("POST", `${url}/grants`, { amount: much, source, ...expires });
            granted = granted.plus(decimal(much));
          } else if (what === "hold") {
            const { status, body } = await world.post(`${url}/holds`, { amount: much, ...(pick < 3 ? { expires_in: hours * 1_800 } : {}) });
            if (status === 201) holds[who]!.push(body.id);
            else expect(status).toBe(402);
          } else if (what === "give") {
            expect([201, 402]).toContain((await world.post(`${url}/transfers`, { to: ids[1 - who], amount: much })).status);
          } else if (what === "consume") {
            expect([200, 402]).toContain((await world.post(`${url}/consume`, { amount: much, idempotency_key: `c${pick}${much}` })).status);
          } else if (hold !== undefined) {
            expect([200, 409]).toContain(
              (await world.post(`${url}/holds/${hold}/${what}`, what === "capture" ? { amount: much } : {})).status,
            );
          }
        }
        const wallets = await onPool(world.billing.ctx.pool).query<Record<string, string>>(
          "select sum(-issued)::text as issued, sum(available + held + consumed + expired)::text as all from credit_wallets where tenant_id = any($1::text[])",
          [ids],
        );
        expect([decimal(wallets[0]!.issued ?? "0").toFixed(), decimal(wallets[0]!.all ?? "0").toFixed()]).toEqual([
          granted.toFixed(),
          granted.toFixed(),
        ]);
      }),
      { numRuns: 15, seed: SEED },
    );
    expect((await proveCredits(onPool(world.billing.ctx.pool), null)).filter(({ wrong }) => wrong > 0)).toEqual([]);
  });
});
