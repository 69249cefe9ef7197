/** Usage that costs credits: events and what they consume are one write; with too few credits the meter decides. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { onPool } from "../src/db/pool.ts";
import { creditsOf } from "./stories/credits.ts";
import { tenantOf } from "./stories/tenant.ts";
import { createWorld, type World } from "./world.ts";

const meter = (key: string, more: object) => ({ key, event: key, aggregation: "sum", property: "n", ...more });
const CATALOG = {
  meters: [
    meter("strict", { credit_cost: 2 }),
    meter("lenient", { credit_cost: "0.5", credit_overdraft: "allow" }),
    meter("billed", { credit_cost: 3, credit_overdraft: "bill", group_by: ["model"] }),
    { key: "calls", event: "call", aggregation: "count", credit_cost: 1 },
    meter("plain", {}),
  ],
  plans: [
    {
      key: "payg",
      currency: "usd",
      interval: "month",
      prices: [
        { key: "all", type: "usage", meter: "billed", model: "per_unit", unit_amount: "10", filters: { model: ["big"] } },
        { key: "rest", type: "usage", meter: "billed", model: "per_unit", unit_amount: "1" },
      ],
    },
  ],
};
const NOW = "2026-03-10T00:00:00Z";

describe("usage that costs credits", () => {
  let world: World;
  let clock: Awaited<ReturnType<World["clock"]>>;

  beforeAll(async () => {
    world = await createWorld();
    await world.must("PUT", "/v1/catalog", CATALOG);
    clock = await world.clock(NOW);
  });
  afterAll(() => world.close());

  async function user(id: string, credits: number) {
    await world.must("PUT", `/v1/tenants/${id}`, { currency: "usd", test_clock: clock.id });
    if (credits > 0) await world.must("POST", "/v1/credits/grants", { source: "promotion", amount: credits, grants: [{ tenant_id: id }] });
    const tenant = tenantOf(world, id);
    await tenant.news();
    const used = async (key: string) => {
      const { items } = await world.must("GET", `${tenant.url}/usage?meter=${key}&from=2026-03-01T00:00:00Z&to=2026-04-01T00:00:00Z`);
      return Number(items[0].value);
    };
    return { ...tenant, used, has: async () => (await creditsOf(world, id, NOW)).promotion ?? 0 };
  }
  const event = (tenant_id: string, name: string, n: number, key: string, more: object = {}) => ({
    tenant_id,
    event: name,
    idempotency_key: key,
    properties: { n, ...more },
  });

  it("consumes with the event, once by its identity, and says so in the ledger", async () => {
    const acme = await user("acme", 100);
    const first = await world.post("/v1/usage", event("acme", "strict", 10, "a"));
    expect(first).toMatchObject({ status: 202, body: { status: "accepted" } });
    expect(await acme.has()).toBe(80);
    expect((await world.post("/v1/usage", event("acme", "strict", 10, "a"))).body).toEqual({ ...first.body, status: "duplicate" });
    expect((await world.post("/v1/usage", event("acme", "strict", 11, "a"))).body).toMatchObject({ status: "duplicate", conflict: true });
    const race = await Promise.all(Array.from({ length: 8 }, () => world.post("/v1/usage", event("acme", "strict", 5, "race"))));
    expect(race.filter((answer) => answer.body.status === "accepted")).toHaveLength(1);
    expect(await acme.has()).toBe(70);
    expect(await acme.used("strict")).toBe(15);
    const { items } = await world.must("GET", `${acme.url}/credits/transactions`);
    expect(items.slice(0, 2)).toMatchObject([
      { type: "consumed", amount: -10, event_name: "strict" },
      { type: "consumed", amount: -20, event_name: "strict" },
    ]);
    expect((await acme.news()).filter((type) => type !== "credits.low_balance")).toEqual(["credits.consumed", "credits.consumed"]);
  });

  it("reject: 402 names the event, and nothing of the batch is stored, of no tenant", async () => {
    const [poor, other] = [await user("poor", 25), await user("other", 1_000)];
    const batch = [
      event("other", "strict", 1, "o"),
      event("poor", "plain", 7, "p"),
      event("poor", "strict", 10, "x"),
      event("poor", "strict", 3, "y"),
      { tenant_id: "poor", event: "call", idempotency_key: "z" },
    ];
    const refused = await world.post("/v1/usage", batch);
    expect(refused).toMatchObject({ status: 402, body: { code: "insufficient_credits", required: 6, available: 5, tenant_id: "poor" } });
    expect(refused.body.errors).toMatchObject([{ index: 3, path: "[3]" }]);
    expect([await poor.has(), await other.has(), await poor.used("plain"), await poor.used("strict")]).toEqual([25, 1_000, 0, 0]);
    // Without it the rest goes through, those that cost nothing in the same batch too.
    const rest = await world.post(
      "/v1/usage",
      batch.filter((_, index) => index !== 3),
    );
    expect(rest.body).toMatchObject({ accepted: 4, duplicates: 0 });
    expect([await poor.has(), await other.has(), await poor.used("plain"), await poor.used("calls")]).toEqual([4, 998, 7, 1]);
    expect((await world.post("/v1/usage", event("poor", "strict", 3, "y"))).body).toMatchObject({ code: "insufficient_credits" });
  });

  it("allow: takes what is there, lets the usage through, and charges nothing for the rest", async () => {
    const easy = await user("easy", 3);
    await world.must("POST", "/v1/usage", [
      event("easy", "lenient", 4, "a"),
      event("easy", "lenient", 10, "b"),
      event("easy", "lenient", 1, "c"),
    ]);
    expect([await easy.has(), await easy.used("lenient")]).toEqual([0, 15]);
    const none = await user("none", 0);
    await world.must("POST", "/v1/usage", event("none", "lenient", 4, "a"));
    expect([await none.has(), await none.used("lenient")]).toEqual([0, 4]);
  });

  it("bill: what credits covered is not billed, the rest is, to the last digit, by filter and late too", async () => {
    const payer = await user("payer", 100);
    await payer.start({ plan: "payg", billing_anchor: "2026-03-01T00:00:00Z", start_at: NOW });
    const send = (n: number, model: string, key: string) => world.must("POST", "/v1/usage", event("payer", "billed", n, key, { model }));
    // 100 credits cover 20 of the big ones and 13.333333333333 of the small ones.
    await send(20, "big", "a");
    await send(40, "small", "b");
    await send(7, "big", "c");
    expect(await payer.used("billed")).toBe(67);
    await send(20, "big", "a");
    expect(await payer.has()).toBeLessThan(0.000000001);
    const preview = await payer.upcoming();
    await clock.to("2026-04-01T00:00:00Z");
    const [invoice] = await payer.invoices();
    expect(
      invoice.lines.map((line: { price: string; quantity: unknown; amount: number }) => [line.price, String(line.quantity), line.amount]),
    ).toEqual([
      ["all", "7", 70],
      ["rest", "26.666666666667", 27],
    ]);
    expect(preview.total).toBe(invoice.total);
    // Late: 10 more of March, and credits for 4 of them.
    await world.must("POST", "/v1/credits/grants", { source: "promotion", amount: 12, reason: "late", grants: [{ tenant_id: "payer" }] });
    await world.must("POST", "/v1/usage", { ...event("payer", "billed", 10, "late", { model: "big" }), at: "2026-03-20T00:00:00Z" });
    await clock.to("2026-05-01T00:00:00Z");
    const late = (await payer.invoices()).flatMap((one) => one.lines).filter((line) => line.price === "all" && line.period_start === NOW);
    expect(late.map((line: { amount: number }) => line.amount)).toEqual([70, 60]);
    const [sum] = await onPool(world.billing.ctx.pool).query<{ covered: string; credits: string }>(
      "select sum(covered)::text as covered, sum(credits)::text as credits from usage_covered c join tenants t on t.no = c.tenant_no where t.id = 'payer'",
    );
    expect(sum).toEqual({ covered: "37.333333333333", credits: "111.999999999999" });
  });

  it("the catalog refuses what cannot be", async () => {
    const tries: [object, string][] = [
      [{ aggregation: "max", credit_cost: 1 }, "meters[0].credit_cost"],
      [{ credit_cost: 0 }, "meters[0].credit_cost"],
      [{ credit_overdraft: "allow" }, "meters[0].credit_overdraft"],
      [{ credit_cost: 1, recurring: true }, "meters[0].credit_cost"],
      [{ credit_cost: 1, credit_overdraft: "bill", rounding: { mode: "ceil" } }, "meters[0].credit_overdraft"],
      [{ credit_cost: 1, credit_overdraft: "sometimes" }, "meters[0].credit_overdraft"],
    ];
    for (const [more, path] of tries) {
      const answer = await world.put("/v1/catalog?dry_run=true", { meters: [meter("m", more)] });
      expect([answer.status, answer.body.errors?.[0]?.path]).toEqual([422, path]);
    }
    const percentage = { key: "p", type: "usage", meter: "m", model: "percentage", rate: 1 };
    const plans = [{ key: "x", currency: "usd", prices: [percentage] }];
    const answer = await world.put("/v1/catalog?dry_run=true", {
      meters: [meter("m", { credit_cost: 1, credit_overdraft: "bill" })],
      plans,
    });
    expect(answer.body.errors?.[0]?.path).toBe("plans[0].prices[0].model");
    const meters = CATALOG.meters.map((one) => (one.key === "billed" ? { ...one, credit_overdraft: "allow" } : one));
    const changed = await world.put("/v1/catalog?dry_run=true", { ...CATALOG, meters });
    expect(changed.body.errors?.[0]?.path).toBe("meters[2].credit_overdraft");
  });
});
