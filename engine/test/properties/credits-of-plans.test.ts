/**
 * Any sequence of going up and down, canceling and starting anew, pausing and resuming, with credits consumed and held meanwhile: within any
 * period plans grant, less what was taken back, no more than the highest plan of that time gives, each opening once; of a subscription
 * whose unused time was paid back nothing is left, whatever a hold had of it; and what was bought stays as it was. Seeded.
 */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { proveCredits } from "../../src/billing/credits/verify.ts";
import { onPool } from "../../src/db/pool.ts";
import { tenantOf } from "../stories/tenant.ts";
import { createWorld, type World } from "../world.ts";

const HOUR = 3_600_000;
const LEVELS = { plain: 0, small: 700, middle: 2_000, large: 5_500 } as const;
type Key = keyof typeof LEVELS;
const KEYS = Object.keys(LEVELS) as Key[];
const BOUGHT = 1_234;

const step = fc.record({
  hours: fc.oneof(fc.integer({ min: 0, max: 24 }), fc.integer({ min: 0, max: 500 })),
  what: fc.constantFrom(
    "plan",
    "plan",
    "cancel",
    "cancel",
    "start",
    "start",
    "pause",
    "resume",
    "hold",
    "hold",
    "hold",
    "release",
    "capture",
    "consume",
  ),
  share: fc.integer({ min: 1, max: 4 }),
  plan: fc.constantFrom(...KEYS),
  proration: fc.constantFrom("invoice_now", "next_invoice", "none"),
  refund: fc.boolean(),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

describe("credits of plans", () => {
  let world: World;
  let count = 0;

  beforeAll(async () => {
    world = await createWorld();
    await world.must("PUT", "/v1/catalog", {
      plans: KEYS.map((key) => ({
        key,
        currency: "usd",
        interval: "month",
        prices: [{ key: "base", type: "flat", amount: LEVELS[key] }],
        ...(LEVELS[key] === 0 ? {} : { credits: { amount: LEVELS[key] } }),
      })),
    });
  });
  afterAll(() => world.close());

  it("are never minted", { timeout: 300_000 }, async () => {
    await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 12 }), fc.constantFrom(...KEYS), live), {
      numRuns: 20,
      seed: 4_419,
    });
  });

  async function live(steps: Step[], first: Key) {
    const id = `t${count++}`;
    const start = Date.UTC(2026, 0, 31);
    let now = start;
    const clock = await world.clock(text(now));
    await world.must("PUT", `/v1/tenants/${id}`, { currency: "usd", test_clock: clock.id });
    const tenant = tenantOf(world, id);
    await world.must("POST", "/v1/credits/grants", { source: "purchase", amount: BOUGHT, priority: 255, grants: [{ tenant_id: id }] });
    await tenant.start({ plan: first });
    const history: { at: number; level: number }[] = [{ at: now, level: LEVELS[first] }];
    const holds: string[] = [];
    for (const { hours, what, plan, proration, refund, share } of steps) {
      now += hours * HOUR;
      await clock.to(text(now));
      if (isDeed(what)) {
        await deed(id, what, share, holds);
        continue;
      }
      const answer =
        what === "start"
          ? await world.post(`${tenant.url}/subscription`, { plan })
          : await tenant.step(what, bodyOf({ what, plan, proration, refund }));
      // What the state does not allow is refused, and grants nothing.
      expect([200, 201, 404, 409]).toContain(answer.status);
      if (answer.status < 300 && (what === "plan" || what === "start")) history.push({ at: now, level: LEVELS[plan] });
      await clock.to(text(now));
    }
    // What is held still comes back while what it is of still runs.
    for (const hold of holds) expect((await world.post(`${tenant.url}/credits/holds/${hold}/release`)).status).toBe(200);
    await nothingLeftOfRefunded(id);
    now += 32 * 24 * HOUR;
    await clock.to(text(now));

    const db = onPool(world.billing.ctx.pool);
    const grants = await db.query<{ at: number; amount: string }>(
      `select g.created_at as at, (g.amount - p.taken_back)::text as amount from credit_grants g join plan_credits p on p.grant_id = g.id
       where g.tenant_id = $1 and g.source = 'plan'`,
      [id],
    );
    const periods = await db.query<{ start: number; ends: number }>(
      "select distinct period_start as start, period_end as ends from plan_credits where tenant_id = $1",
      [id],
    );
    for (const { start: from, ends } of periods) {
      const granted = grants.filter((one) => one.at >= from && one.at < ends).reduce((sum, one) => sum + Number(one.amount), 0);
      expect([text(from), granted]).toEqual([text(from), Math.min(granted, highest(history, from, ends))]);
    }
    const bought = await db.query<{ amount: string; remaining: string; expires_at: number | null }>(
      "select amount::text, remaining::text, expires_at from credit_grants_now where tenant_id = $1 and source = 'purchase'",
      [id],
    );
    expect(bought).toEqual([{ amount: String(BOUGHT), remaining: String(BOUGHT), expires_at: null }]);
    expect((await proveCredits(db, id)).filter(({ wrong }) => wrong > 0)).toEqual([]);
  }

  /** A part of what plans granted and can be spent; what was bought is never reached. */
  async function deed(id: string, what: Deed, share: number, holds: string[]) {
    const url = `/v1/tenants/${id}/credits`;
    if (what === "release" || what === "capture") {
      const hold = holds.shift();
      if (hold !== undefined) expect((await world.post(`${url}/holds/${hold}/${what}`)).status).toBe(200);
      return;
    }
    const { by_source: by } = await world.must("GET", url);
    const amount = Math.floor((by.plan ?? 0) / share);
    if (amount === 0) return;
    if (what === "hold") holds.push((await world.must("POST", `${url}/holds`, { amount })).id);
    else await world.must("POST", `${url}/consume`, { amount });
  }

  async function nothingLeftOfRefunded(id: string) {
    const left = await onPool(world.billing.ctx.pool).query(
      `select g.id, g.remaining::text from billing_events e join plan_credits p on p.subject = e.data->>'subscription' and p.tenant_id = e.tenant_id
       join credit_grants_now g on g.id = p.grant_id
       where e.tenant_id = $1 and e.type = 'subscription.canceled' and e.data->>'refund_unused' = 'true' and p.period_end > e.occurred_at and g.remaining > 0`,
      [id],
    );
    expect(left).toEqual([]);
  }
});

const DEEDS = ["hold", "release", "capture", "consume"] as const;
type Deed = (typeof DEEDS)[number];
const isDeed = (what: string): what is Deed => DEEDS.some((one) => one === what);

function bodyOf({ what, plan, proration, refund }: Omit<Step, "hours" | "share">): object | undefined {
  if (what === "plan") return { plan, proration };
  return what === "cancel" ? { when: "now", refund_unused: refund } : {};
}

function highest(history: { at: number; level: number }[], from: number, ends: number): number {
  const inForce = history.filter((one, index) => one.at < ends && (history[index + 1]?.at ?? Number.POSITIVE_INFINITY) >= from);
  return Math.max(0, ...inForce.map((one) => one.level));
}

const text = (at: number) => new Date(at).toISOString().replace(".000Z", "Z");
