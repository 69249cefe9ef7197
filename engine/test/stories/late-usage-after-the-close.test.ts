/** Usage that was made in time and told late: its month is closed, so it is a line of its own on the next invoice, and names its month. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { verifyBooks } from "../../src/cli/verify/books.ts";
import { createWorld, type World } from "../world.ts";
import { COLLECTED, ISSUED, tenantOf } from "./tenant.ts";

const MONTH = [...ISSUED, "subscription.renewed", ...COLLECTED];

describe("late usage after the close", () => {
  let world: World;
  let clock: Awaited<ReturnType<World["clock"]>>;
  let acme: ReturnType<typeof tenantOf>;

  beforeAll(async () => {
    world = await createWorld();
    clock = await world.clock("2026-01-01T00:00:00Z");
    await world.must("PUT", "/v1/catalog", {
      meters: [{ key: "calls", event: "call", aggregation: "sum" }],
      plans: [
        {
          key: "pro",
          name: "Pro",
          currency: "usd",
          interval: "month",
          prices: [
            { key: "base", type: "flat", amount: 1_000 },
            // The first ten are dear: what comes late must go on where the month stopped.
            {
              key: "calls",
              type: "usage",
              meter: "calls",
              model: "graduated",
              tiers: [
                { up_to: 10, unit_amount: "10" },
                { up_to: null, unit_amount: "1" },
              ],
            },
          ],
        },
      ],
    });
    await world.must("PUT", "/v1/tenants/acme", { currency: "usd", test_clock: clock.id });
    acme = tenantOf(world, "acme");
    await acme.start({ plan: "pro" });
    await clock.to("2026-01-20T00:00:00Z");
    expect(await acme.news()).toEqual(["tenant.created", "subscription.started", ...ISSUED, ...COLLECTED]);
  });
  afterAll(() => world.close());

  const call = (amount: number, at: string) =>
    world.must("POST", "/v1/usage", { tenant_id: "acme", event: "call", amount, at, idempotency_key: at });
  const usage = (invoice: { lines: Record<string, unknown>[] }) =>
    invoice.lines
      .filter((line) => line.kind === "usage")
      .map((line) => [String(line.period_start).slice(0, 10), line.quantity, line.amount, line.description]);

  it("January is closed with what was known of it", async () => {
    await call(8, "2026-01-10T00:00:00Z");
    await clock.to("2026-02-01T00:00:00Z");
    expect(await acme.news()).toEqual(MONTH);
    expect(usage((await acme.invoices()).at(-1))).toEqual([["2026-01-01", 8, 80, "calls"]]);
  });

  it("what comes then, of January, is priced as January would have been, on February's invoice; nothing is said at its arrival", async () => {
    await clock.to("2026-02-03T00:00:00Z");
    await call(5, "2026-01-31T23:59:59.999Z");
    await call(2, "2026-02-01T00:00:00Z");
    expect(await acme.news()).toEqual([]);
    // Before the close it is in the preview already.
    expect(usage(await acme.upcoming())).toHaveLength(2);
    await clock.to("2026-03-01T00:00:00Z");
    expect(await acme.news()).toEqual(MONTH);
    const invoice = (await acme.invoices()).at(-1);
    // 13 calls cost 103, of which 80 are billed.
    expect(usage(invoice)).toEqual([
      ["2026-02-01", 2, 20, "calls"],
      ["2026-01-01", 13, 23, "calls (came after the period was closed)"],
    ]);
    expect(invoice.total).toBe(1_043);
  });

  it("twice late is billed twice, each time the rest; the same event again never", async () => {
    await clock.to("2026-03-02T00:00:00Z");
    await call(100, "2026-01-31T00:00:00Z");
    expect((await call(5, "2026-01-31T23:59:59.999Z")).status).toBe("duplicate");
    await clock.to("2026-04-01T00:00:00Z");
    expect(await acme.news()).toEqual(MONTH);
    expect(usage((await acme.invoices()).at(-1))).toEqual([
      ["2026-03-01", 0, 0, "calls"],
      ["2026-01-01", 113, 100, "calls (came after the period was closed)"],
    ]);
  });

  it("older than usage may be is refused, and leaves nothing", async () => {
    const answer = await world.post("/v1/usage", {
      tenant_id: "acme",
      event: "call",
      amount: 1,
      at: "2026-02-20T00:00:00Z",
      idempotency_key: "old",
    });
    expect([answer.status, answer.body.errors[0].path]).toEqual([422, "at"]);
    await clock.to("2026-05-01T00:00:00Z");
    expect(await acme.news()).toEqual(MONTH);
    expect((await acme.invoices()).at(-1).total).toBe(1_000);
    const verdicts = await verifyBooks(world.billing.ctx.pool, { tenantId: null, usage: "all", limit: 20 }, () => undefined);
    expect(verdicts.filter(({ wrong }) => wrong > 0)).toEqual([]);
  });

  describe("of a subscription that has ended", () => {
    // It ends on the 11th of a month of thirty days; what it is asked for comes on the 12th, of the days before.
    const end = async (id: string, cancel: object) => {
      const tenant = tenantOf(world, id);
      const late = await world.clock("2026-04-01T00:00:00Z");
      await world.must("PUT", `/v1/tenants/${id}`, { currency: "usd", test_clock: late.id });
      await tenant.start({ plan: "allowance" });
      const use = (amount: number, at: string) =>
        world.must("POST", "/v1/usage", { tenant_id: id, event: "call", amount, at, idempotency_key: at });
      await late.to("2026-04-11T00:00:00Z");
      await use(40, "2026-04-05T00:00:00Z");
      await use(20, "2026-04-11T00:00:00Z");
      await world.must("POST", `/v1/tenants/${id}/subscription/cancel`, cancel);
      await late.to("2026-04-12T00:00:00Z");
      await use(6, "2026-04-10T00:00:00Z");
      const before = (await tenant.invoices()).length;
      await tenant.news();
      await late.to("2026-05-15T00:00:00Z");
      expect(await tenant.invoices()).toHaveLength(before);
      await late.to("2026-05-17T00:00:00Z");
      return { tenant, made: (await tenant.invoices()).slice(before), late };
    };
    const plan = {
      name: "Allowance",
      currency: "usd",
      interval: "month",
      prices: [
        { key: "base", type: "flat", amount: 3_000 },
        { key: "calls", type: "usage", meter: "calls", included: 30, unit_amount: "10" },
      ],
    };
    beforeAll(() => world.must("PUT", "/v1/plans/allowance", plan));

    it.each([
      // All of the allowance was paid for: 66 - 30, of which 60 - 30 are billed.
      ["with nothing given back", "whole", { when: "now" }],
      // A third of it was: 66 - 10, of which 60 - 10 are billed.
      ["with the unused time given back", "third", { when: "now", refund_unused: true }],
    ])("%s: a last invoice bills what came, once nothing more can come", async (_how, id, cancel) => {
      const { tenant, made, late } = await end(id, cancel);
      expect(made).toHaveLength(1);
      expect(usage(made[0])).toEqual([["2026-04-01", 66, 60, "calls (came after the period was closed)"]]);
      expect(await tenant.news()).toEqual([...ISSUED, ...COLLECTED]);
      await late.to("2026-08-01T00:00:00Z");
      expect(await tenant.news()).toEqual([]);
    });

    it("has no other invoice where nothing came, and its books are right", async () => {
      const quiet = tenantOf(world, "quiet");
      const own = await world.clock("2026-04-01T00:00:00Z");
      await world.must("PUT", "/v1/tenants/quiet", { currency: "usd", test_clock: own.id });
      await quiet.start({ plan: "allowance" });
      await world.must("POST", "/v1/tenants/quiet/subscription/cancel", { when: "period_end" });
      await own.to("2026-09-01T00:00:00Z");
      expect(await quiet.invoices()).toHaveLength(2);
      const verdicts = await verifyBooks(world.billing.ctx.pool, { tenantId: null, usage: "all", limit: 20 }, () => undefined);
      expect(verdicts.filter(({ wrong }) => wrong > 0)).toEqual([]);
    });
  });
});
