/** A tenant subscribes, uses the product for a month, and gets a bill that is right. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createWorld, type World } from "../world.ts";

const CATALOG = {
  meters: [
    { key: "input_tokens", event: "llm_request", aggregation: "sum", property: "input_tokens", unit: "token" },
    { key: "requests", event: "llm_request", aggregation: "count" },
  ],
  plans: [
    {
      key: "pro",
      name: "Pro",
      currency: "usd",
      interval: "month",
      prices: [
        { key: "base", type: "flat", amount: 2900, timing: "in_advance" },
        { key: "seats", type: "seat", unit_amount: "1000", included: 3 },
        {
          key: "tokens",
          type: "usage",
          meter: "input_tokens",
          model: "graduated",
          tiers: [
            { up_to: 1_000_000, unit_amount: "0.0002" },
            { up_to: null, unit_amount: "0.0001", flat_amount: "500" },
          ],
        },
        { key: "calls", type: "usage", meter: "requests", model: "package", package_size: 100, unit_amount: 50 },
      ],
    },
  ],
};

describe("the first invoice", () => {
  let world: World;
  let clock: Awaited<ReturnType<World["clock"]>>;

  beforeAll(async () => {
    world = await createWorld();
    clock = await world.clock("2026-01-01T00:00:00Z");
    await world.must("PUT", "/v1/catalog", CATALOG);
    await world.must("PUT", "/v1/tenants/acme", { name: "Acme", currency: "usd", test_clock: clock.id });
  });
  afterAll(() => world.close());

  const types = async () => {
    const { items } = await world.must("GET", "/v1/tenants/acme/events?limit=100");
    return items.map((event: { type: string }) => event.type).reverse();
  };

  it("starts with what is paid in advance", async () => {
    const answer = await world.post("/v1/tenants/acme/subscription", { plan: "pro", seats: 5 });
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({
      plan: "pro",
      status: "active",
      seats: 5,
      current_period_start: "2026-01-01T00:00:00Z",
      current_period_end: "2026-02-01T00:00:00Z",
    });
    const { items } = await world.must("GET", "/v1/tenants/acme/invoices");
    expect(items).toHaveLength(1);
    expect(items[0]).toMatchObject({ number: "INV-2026-000001", reason: "start", status: "open", total: 4900, amount_due: 4900 });
    expect(
      items[0].lines.map((line: { price: string; amount: number; quantity: number }) => [line.price, line.quantity, line.amount]),
    ).toEqual([
      ["base", 1, 2900],
      ["seats", 5, 2000],
    ]);
  });

  it("is paid by the sandbox when the clock moves, and says so in the timeline", async () => {
    const moved = await clock.to("2026-01-15T00:00:00Z");
    expect(moved).toMatchObject({ now: "2026-01-15T00:00:00Z", ran: { payments: 1, renewals: 0, invoices: 0 } });
    const { items } = await world.must("GET", "/v1/tenants/acme/invoices");
    expect(items[0]).toMatchObject({ status: "paid", amount_paid: 4900, amount_due: 0, paid_at: "2026-01-01T00:00:00Z" });
    expect(await types()).toEqual([
      "tenant.created",
      "subscription.started",
      "invoice.created",
      "invoice.finalized",
      "payment.succeeded",
      "invoice.paid",
    ]);
  });

  it("previews what the close will bill, to the cent", async () => {
    await world.must(
      "POST",
      "/v1/usage",
      Array.from({ length: 101 }, (_, i) => ({
        tenant_id: "acme",
        event: "llm_request",
        idempotency_key: `r${i}`,
        at: "2026-01-14T12:00:00Z",
        properties: { input_tokens: 10_000 },
      })),
    );
    const preview = await world.must("POST", "/v1/tenants/acme/upcoming-invoice", {});
    // 1,000,000 × 0.0002 + 10,000 × 0.0001 + 500 = 701 cents; 101 calls are two packages of 50.
    expect(preview).toMatchObject({ number: null, status: "draft", total: 701 + 100 + 4900 });
    await clock.to("2026-02-01T00:00:00Z");
    const { items } = await world.must("GET", "/v1/tenants/acme/invoices");
    const invoice = items[0];
    expect(invoice).toMatchObject({ number: "INV-2026-000002", reason: "period", status: "paid", total: preview.total });
    const strip = (lines: object[]) => lines.map((line) => ({ ...line, id: null }));
    expect(strip(invoice.lines)).toEqual(preview.lines);
    expect(invoice.lines[0].tiers).toMatchObject([
      { up_to: 1_000_000, quantity: 1_000_000, unit_amount: "0.0002", flat_amount: "0", amount: "200" },
      { up_to: null, quantity: 10_000, unit_amount: "0.0001", flat_amount: "500", amount: "501" },
    ]);
  });

  it("bills usage that came after the close as a line of its own on the next invoice", async () => {
    await clock.to("2026-02-03T00:00:00Z");
    await world.must("POST", "/v1/usage", {
      tenant_id: "acme",
      event: "llm_request",
      idempotency_key: "late",
      at: "2026-01-31T23:59:59.9999999Z",
      properties: { input_tokens: 2_000_000 },
    });
    await clock.to("2026-03-01T00:00:00Z");
    const { items } = await world.must("GET", "/v1/tenants/acme/invoices");
    const late = items[0].lines.filter((line: { period_start: string; kind: string }) => line.period_start === "2026-01-01T00:00:00Z");
    expect(late).toHaveLength(1);
    expect(late[0]).toMatchObject({ price: "tokens", amount: 200, quantity: 3_010_000, period_end: "2026-02-01T00:00:00Z" });
    expect(late[0].explain).toMatchObject({ total: 901, billed_before: 701 });
  });

  it("answers the same invoice for the same period, however often it is asked", async () => {
    const period = { period_start: "2026-02-01T00:00:00Z", period_end: "2026-03-01T00:00:00Z" };
    const first = await world.post("/v1/tenants/acme/invoices", period);
    const second = await world.post("/v1/tenants/acme/invoices", period);
    expect(first.status).toBe(200);
    expect(second.body.id).toBe(first.body.id);
    expect(second.body.reason).toBe("period");
  });
});

describe("other currencies", () => {
  it.each([
    ["jpy", 500, 501],
    ["kwd", 1_500, 1_501],
  ])("%s bills in its own minor unit", async (currency, amount, total) => {
    const world = await createWorld();
    try {
      const clock = await world.clock("2026-01-31T00:00:00Z");
      await world.must("PUT", "/v1/catalog", {
        meters: [{ key: "units", event: "unit", aggregation: "sum" }],
        plans: [
          {
            key: "p",
            name: "P",
            currency,
            interval: "month",
            prices: [
              { key: "base", type: "flat", amount, timing: "in_arrears" },
              { key: "units", type: "usage", meter: "units", unit_amount: "0.5" },
            ],
          },
        ],
      });
      await world.must("PUT", "/v1/tenants/t", { currency, test_clock: clock.id });
      await world.must("POST", "/v1/tenants/t/subscription", { plan: "p" });
      await world.must("POST", "/v1/usage", { tenant_id: "t", event: "unit", amount: 1, idempotency_key: "1" });
      await clock.to("2026-03-31T00:00:00Z");
      const { items } = await world.must("GET", "/v1/tenants/t/invoices");
      // 31 January → 28 February → 31 March: counted from the anchor, never from the period before.
      expect(items.map((item: { period_start: string; total: number }) => [item.period_start, item.total])).toEqual([
        ["2026-02-28T00:00:00Z", amount],
        ["2026-01-31T00:00:00Z", total],
      ]);
    } finally {
      await world.close();
    }
  });
});
