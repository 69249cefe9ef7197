/** What went wrong elsewhere with invoices and payments, each as a test of its name: over the API, many at once. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { verifyBooks } from "../../src/cli/verify/books.ts";
import { readPdf } from "../pdf-reader.ts";
import { tenantOf } from "../stories/tenant.ts";
import { createWorld, TEST_KEY, type World } from "../world.ts";

describe("lessons of invoices", () => {
  let world: World;

  beforeAll(async () => {
    world = await createWorld();
    await world.must("PUT", "/v1/catalog", {
      tax_rates: [{ key: "vat", kind: "vat", country: "DE", percent: 19 }],
      coupons: [
        { key: "gift", amount_off: 1_500, currency: "usd", duration: "once" },
        { key: "first", percent_off: 50, duration: "once" },
        { key: "three", amount_off: 100, currency: "usd", duration: "periods", periods: 3 },
      ],
      plans: [
        { key: "p", name: "P", currency: "usd", interval: "month", prices: [{ key: "base", type: "flat", amount: 1_000 }] },
        {
          key: "yen",
          name: "Yen",
          currency: "jpy",
          interval: "month",
          prices: [
            { key: "base", type: "flat", amount: 1_000 },
            { key: "seats", type: "seat", unit_amount: "0.5" },
          ],
        },
      ],
    });
  });
  afterAll(() => world.close());

  const of = async (id: string, fields: object = {}) => {
    await world.must("PUT", `/v1/tenants/${id}`, { currency: "usd", ...fields });
    return tenantOf(world, id);
  };
  const own = (url: string, amount: number, more: object = {}) =>
    world.post(`${url}/invoice-items`, { description: "Work", amount, invoice: "own", ...more });
  const sum = (items: Record<string, number>[], field: string) => items.reduce((total, item) => total + item[field]!, 0);

  it("lesson 29: credit notes of one invoice that are asked for at once never come to more than it", async () => {
    const acme = await of("notes", { address: { country: "DE" } });
    const { invoice_id: id } = (await own(acme.url, 1_000)).body;
    await world.must("POST", `/v1/invoices/${id}/pay`, {});
    const asked = Array.from({ length: 30 }, (_, i) =>
      i % 3 === 0
        ? world.post(`/v1/invoices/${id}/refunds`, { amount: 97 })
        : world.post(`/v1/invoices/${id}/credit-notes`, { amount: 89 + i, settle: i % 3 === 1 ? "balance" : "offset" }),
    );
    const answers = await Promise.all(asked);
    expect(answers.every(({ status }) => status === 201 || status === 422)).toBe(true);
    const given = answers.filter(({ status }) => status === 201).map(({ body }) => body);
    // The rest was too little for any that was refused.
    expect(given.length).toBeGreaterThan(5);
    const invoice = await world.must("GET", `/v1/invoices/${id}`);
    const total = sum(given, "total");
    expect([invoice.amount_credited, total <= 1_190, 1_190 - total < 120]).toEqual([total, true, true]);
    expect(sum(given, "refunded") + sum(given, "to_balance") + sum(given, "offset")).toBe(total);
    expect(await acme.balance()).toBe(sum(given, "to_balance"));
    expect(new Set(given.map((note) => note.number)).size).toBe(given.length);
  });

  it("lesson 29: a coupon with a limit is not used beyond it by invoices that are made at once", async () => {
    const totals = async (id: string, coupon: string) => {
      const tenant = await of(id);
      await world.must("POST", `${tenant.url}/discounts`, { coupon });
      const answers = await Promise.all(Array.from({ length: 12 }, () => own(tenant.url, 400)));
      expect(answers.map(({ status }) => status)).toEqual(Array(12).fill(201));
      const invoices = await tenant.invoices();
      expect(sum(invoices, "total")).toBe(12 * 400 - sum(invoices, "discount"));
      return invoices.map((invoice) => invoice.discount).sort((a, b) => b - a);
    };
    // So much in all, over as many invoices as it takes; once; on three invoices.
    expect(await totals("gift", "gift")).toEqual([400, 400, 400, 300, ...Array(8).fill(0)]);
    expect(await totals("first", "first")).toEqual([200, ...Array(11).fill(0)]);
    expect(await totals("three", "three")).toEqual([100, 100, 100, ...Array(9).fill(0)]);
  });

  it("lesson 29: a coupon that many ask for at once is had once", async () => {
    const tenant = await of("many");
    const answers = await Promise.all(Array.from({ length: 12 }, () => world.post(`${tenant.url}/discounts`, { coupon: "first" })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(11).fill(409)]);
  });

  it("lesson 29: a balance is not spent twice by invoices that are made at once", async () => {
    const tenant = await of("balance");
    const { invoice_id: id } = (await own(tenant.url, 1_000)).body;
    await world.must("POST", `/v1/invoices/${id}/pay`, {});
    await world.must("POST", `/v1/invoices/${id}/credit-notes`, { settle: "balance" });
    await Promise.all(Array.from({ length: 12 }, () => own(tenant.url, 300)));
    const invoices = (await tenant.invoices()).slice(1);
    expect(sum(invoices, "balance_applied")).toBe(1_000);
    expect([sum(invoices, "amount_due"), await tenant.balance()]).toEqual([12 * 300 - 1_000, 0]);
  });

  it("lesson 30: yen have no hundredth part: 1,000 is ¥1,000, and a half is rounded to one", async () => {
    const tokyo = await of("tokyo", { currency: "jpy" });
    await tokyo.start({ plan: "yen", seats: 3 });
    const [invoice] = await tokyo.invoices();
    expect(invoice).toMatchObject({ currency: "jpy", total: 1_002, lines: [{ amount: 1_000 }, { amount: 2 }] });
    const { summary } = (await world.must("GET", `${tokyo.url}/events`)).items[0];
    expect(summary).toMatch(/JPY 1,002/);
    // In a half of the month the half of it, in whole yen.
    const { total } = await world.must("POST", "/v1/quote", {
      plan: "yen",
      currency: "jpy",
      period: { start: "2026-04-01T00:00:00Z", end: "2026-05-01T00:00:00Z" },
      service: { start: "2026-04-01T00:00:00Z", end: "2026-04-01T08:00:00Z" },
    });
    expect(total).toBe(11);
  });

  it("lesson 30: an invoice has its PDF link from the issue on, and the PDF is there", async () => {
    const paper = await of("paper", { currency: "jpy" });
    await paper.start({ plan: "yen" });
    const [invoice] = await paper.invoices();
    expect(invoice.pdf_url).toMatch(/^http/);
    const { pathname } = new URL(invoice.pdf_url);
    const linked = await world.billing.app.inject({ method: "GET", url: pathname });
    const asked = await world.billing.app.inject({
      method: "GET",
      url: `/v1/invoices/${invoice.id}/pdf`,
      headers: { authorization: `Bearer ${TEST_KEY}` },
    });
    for (const answer of [linked, asked]) {
      expect([answer.statusCode, answer.headers["content-type"]]).toEqual([200, "application/pdf"]);
      const text = readPdf(answer.rawPayload)[0]!.text.replaceAll("\n", "");
      expect(text).toContain(invoice.number);
      expect(text).toContain("¥1,001");
    }
  });

  it("lesson 32: after a time-out the gateway is asked what became of it, and the card is charged once", async () => {
    const clock = await world.clock("2026-01-01T00:00:00Z");
    const tenant = await of("unknown", { test_clock: clock.id });
    await world.must("POST", `${tenant.url}/payment-methods/setup-intent`, { token: "tok_unknown" });
    await tenant.start({ plan: "p" });
    await clock.to("2026-01-01T01:00:00Z");
    const attempts = async () =>
      (await world.must("GET", `${tenant.url}/payments`)).items.map((payment: { status: string }) => payment.status);
    expect(await attempts()).toEqual(["unknown"]);
    const [invoice] = await tenant.invoices();
    // Whoever asks meanwhile starts no second one, with whatever card.
    await world.must("POST", `${tenant.url}/payment-methods/setup-intent`, { token: "tok_visa" });
    const answers = await Promise.all(Array.from({ length: 5 }, () => world.post(`/v1/invoices/${invoice.id}/pay`, {})));
    expect(answers.map(({ body }) => body.code)).toEqual(Array(5).fill("conflict"));
    const { pool } = world.billing.ctx;
    // Its turn comes half a minute later; here the wait is cut short.
    await pool.query("update payments set claimed_until = null where tenant_id = 'unknown'");
    await clock.to("2026-01-20T00:00:00Z");
    expect(await attempts()).toEqual(["succeeded"]);
    const charges = "select 1 from sandbox_charges c join payments p on p.id = c.idempotency_key where p.tenant_id = 'unknown'";
    expect((await pool.query(charges)).rowCount).toBe(1);
    expect((await tenant.invoices())[0]).toMatchObject({ status: "paid", amount_paid: 1_000 });
    expect(await tenant.subscription()).toMatchObject({ status: "active" });
  });

  it("leaves books that are right", async () => {
    const verdicts = await verifyBooks(world.billing.ctx.pool, { tenantId: null, usage: "all", limit: 20 }, () => undefined);
    expect(verdicts.filter(({ wrong }) => wrong > 0)).toEqual([]);
  });
});
