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
});
