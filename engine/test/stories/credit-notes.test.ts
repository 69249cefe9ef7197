/** What was billed is taken back: off what is due, to the balance, or as money; never more than there was. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { verifyBooks } from "../../src/cli/verify/books.ts";
import { createWorld, type World } from "../world.ts";

describe("credit notes", () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld();
    await world.must("PUT", "/v1/catalog", {
      tax_rates: [{ key: "vat", kind: "vat", country: "DE", percent: 18 }],
      coupons: [{ key: "ten", percent_off: 10, duration: "forever" }],
    });
  });
  afterAll(() => world.close());

  let count = 0;
  /** An invoice of one line over `amount`, 18 % on top, of a tenant of its own. */
  async function invoice(amount: number, options: { pay?: number | true; token?: string; coupon?: boolean } = {}) {
    const tenant = `t${++count}`;
    await world.must("PUT", `/v1/tenants/${tenant}`, { currency: "usd", address: { country: "DE" } });
    if (options.token) await world.must("POST", `/v1/tenants/${tenant}/payment-methods/setup-intent`, { token: options.token });
    if (options.coupon) await world.must("POST", `/v1/tenants/${tenant}/discounts`, { coupon: "ten" });
    const { invoice_id: id } = await world.must("POST", `/v1/tenants/${tenant}/invoice-items`, {
      description: "Work",
      amount,
      invoice: "own",
      collection: "send_invoice",
    });
    if (options.pay) await world.must("POST", `/v1/invoices/${id}/pay`, options.pay === true ? {} : { amount: options.pay });
    const read = () => world.must("GET", `/v1/invoices/${id}`);
    const balance = async () => {
      const { rows } = await world.billing.ctx.pool.query(
        "select coalesce(sum(amount), 0)::int as sum from balance_entries where tenant_id = $1",
        [tenant],
      );
      return rows[0].sum;
    };
    const credit = (body: object) => world.post(`/v1/invoices/${id}/credit-notes`, body);
    const refund = (body: object) => world.post(`/v1/invoices/${id}/refunds`, body);
    const types = async () =>
      (await world.must("GET", `/v1/tenants/${tenant}/events?limit=100`)).items.map((event: { type: string }) => event.type).reverse();
    return { id, tenant, read, balance, credit, refund, types, line: (await read()).lines[0].id as string };
  }

  it("offset: comes off what is due, with its part of the tax; the rest of it would be paid", async () => {
    const open = await invoice(1000);
    const first = await open.credit({ lines: [{ line: open.line, amount: 333 }], reason: "Late" });
    expect(first.status).toBe(201);
    expect(first.body).toMatchObject({ subtotal: 333, tax: 60, total: 393, offset: 393, to_balance: 0, refunded: 0, reason: "Late" });
    expect(first.body.number).toMatch(/^CN-\d{4}-000001$/);
    expect(await open.read()).toMatchObject({ status: "open", total: 1180, amount_due: 787, amount_credited: 393 });
    const rest = await open.credit({});
    expect(rest.body).toMatchObject({ subtotal: 667, tax: 120, total: 787, offset: 787 });
    expect(await open.read()).toMatchObject({ status: "paid", amount_due: 0, amount_credited: 1180 });
    expect((await open.types()).slice(-3)).toEqual(["invoice.credited", "invoice.credited", "invoice.paid"]);
    expect((await open.credit({})).status).toBe(422);
    expect((await world.must("GET", `/v1/invoices/${open.id}/credit-notes`)).items).toHaveLength(2);
  });

  it("offset of an invoice whose payment is queued: the rest is asked for, once", async () => {
    const { id } = await world.clock("2026-01-01T00:00:00Z");
    const ten = [{ key: "base", type: "flat", amount: 1000 }];
    await world.must("PUT", "/v1/plans/ten", { name: "Ten", currency: "usd", interval: "year", prices: ten });
    const queued = async (tenant: string, token: string) => {
      await world.must("PUT", `/v1/tenants/${tenant}`, { currency: "usd", test_clock: id });
      await world.must("POST", `/v1/tenants/${tenant}/payment-methods/setup-intent`, { token });
      await world.must("POST", `/v1/tenants/${tenant}/subscription`, { plan: "ten" });
      const [invoice] = (await world.must("GET", `/v1/tenants/${tenant}/invoices`)).items;
      return {
        credit: (body: object) => world.must("POST", `/v1/invoices/${invoice.id}/credit-notes`, body),
        read: () => world.must("GET", `/v1/invoices/${invoice.id}`),
        attempts: async () =>
          (await world.must("GET", `/v1/tenants/${tenant}/payments`)).items
            .map((payment: Record<string, unknown>) => [payment.attempt, payment.amount, payment.status, payment.code])
            .reverse(),
      };
    };
    const advance = (to: string) => world.must("POST", `/v1/test-clocks/${id}/advance`, { to });
    const pays = await queued("pays", "tok_visa");
    const fails = await queued("fails", "tok_declined");
    await pays.credit({ amount: 300 });
    await pays.credit({ amount: 200 });
    await fails.credit({ amount: 300 });
    await advance("2026-01-01T00:00:01Z");
    expect(await pays.attempts()).toEqual([
      [1, 1000, "failed", "credited"],
      [2, 700, "failed", "credited"],
      [3, 500, "succeeded", null],
    ]);
    expect(await pays.read()).toMatchObject({ status: "paid", amount_paid: 500, amount_credited: 500 });
    // The first failure is the one of the new attempt, and the schedule counts from it. What is offset then, the retry does not ask for.
    expect(await fails.read()).toMatchObject({ status: "open", amount_due: 700, next_attempt_at: "2026-01-02T00:00:00Z" });
    await fails.credit({ amount: 100 });
    await advance("2026-01-05T00:00:00Z");
    expect(await fails.attempts()).toEqual([
      [1, 1000, "failed", "credited"],
      [2, 700, "failed", "card_declined"],
      [3, 600, "failed", "card_declined"],
      [4, 600, "failed", "card_declined"],
    ]);
    expect(await fails.read()).toMatchObject({ next_attempt_at: "2026-01-06T00:00:00Z" });
  });

  it("offset of a payment under way waits for its outcome, unless enough is left for it", async () => {
    const slow = await invoice(1000, { token: "tok_pending" });
    expect((await world.post(`/v1/invoices/${slow.id}/pay`, { amount: 180 })).status).toBe(202);
    expect((await slow.credit({ amount: 1000 })).body).toMatchObject({ offset: 1000 });
    expect((await slow.credit({ amount: 1 })).body).toMatchObject({ status: 409, code: "conflict" });
    expect(await slow.read()).toMatchObject({ status: "open", amount_due: 180 });
  });

  it("balance: of what was paid; a later invoice uses it up", async () => {
    const paid = await invoice(1000, { pay: true });
    expect((await paid.credit({ amount: 500, settle: "balance" })).body).toMatchObject({ total: 500, to_balance: 500, refunded: 0 });
    expect(await paid.balance()).toBe(500);
    await world.must("POST", `/v1/tenants/${paid.tenant}/invoice-items`, { description: "More", amount: 100, invoice: "own" });
    const { items } = await world.must("GET", `/v1/tenants/${paid.tenant}/invoices`);
    expect(items[0]).toMatchObject({ total: 118, balance_applied: 118, amount_due: 0, status: "paid" });
    expect(await paid.balance()).toBe(382);
  });

  it("what was never paid becomes no balance and no money", async () => {
    const part = await invoice(1000, { pay: 200 });
    expect((await part.credit({ amount: 1000, settle: "balance" })).body).toMatchObject({ to_balance: 200, offset: 800 });
    expect(await part.read()).toMatchObject({ amount_due: 180, amount_paid: 200 });
    const other = await invoice(1000, { pay: 590 });
    // Half is paid and half is kept: what was paid covers what is kept.
    expect((await other.credit({ amount: 590, settle: "refund" })).body).toMatchObject({ refunded: 0, offset: 590 });
    expect(await other.read()).toMatchObject({ status: "paid", amount_due: 0 });
  });

  it("refund: the money goes back through the gateway that took it, over several payments", async () => {
    const paid = await invoice(1000, { pay: 700 });
    await world.must("POST", `/v1/invoices/${paid.id}/pay`, {});
    const { body } = await paid.refund({ amount: 600 });
    expect(body).toMatchObject({ total: 600, refunded: 600, to_balance: 0, offset: 0 });
    expect(body.refunds.map((refund: { amount: number; status: string }) => [refund.amount, refund.status])).toEqual([
      [480, "succeeded"],
      [120, "succeeded"],
    ]);
    expect(await paid.read()).toMatchObject({ status: "paid", amount_refunded: 600, amount_credited: 600 });
    expect((await paid.types()).slice(-3)).toEqual(["invoice.credited", "payment.refunded", "payment.refunded"]);
    expect((await paid.refund({ amount: 581 })).status).toBe(422);
    expect((await paid.refund({})).body).toMatchObject({ refunded: 580 });
    expect((await paid.refund({})).status).toBe(422);
  });

  it("any total can be given back to the minor unit, and all parts are the whole", async () => {
    const paid = await invoice(1000, { pay: true, coupon: true });
    expect(await paid.read()).toMatchObject({ discount: 100, tax: 162, total: 1062 });
    for (const amount of [1, 2, 3, 500, 55]) expect((await paid.credit({ amount, settle: "balance" })).body.total).toBe(amount);
    const last = await paid.credit({ settle: "balance" });
    expect(last.body.total).toBe(1062 - 561);
    const { items } = await world.must("GET", `/v1/invoices/${paid.id}/credit-notes`);
    const sum = (field: string) => items.reduce((total: number, note: Record<string, number>) => total + note[field]!, 0);
    expect([sum("subtotal"), sum("discount"), sum("tax"), sum("total")]).toEqual([1000, 100, 162, 1062]);
    expect(await paid.balance()).toBe(1062);
  });

  it("a refund that the gateway refuses becomes balance", async () => {
    const paid = await invoice(1000, { pay: true, token: "tok_refund_fails" });
    const { body } = await paid.refund({});
    expect(body.refunds[0]).toMatchObject({ status: "failed", code: "refund_refused" });
    expect((await paid.types()).slice(-2)).toEqual(["invoice.credited", "payment.refund_failed"]);
    expect([await paid.balance(), (await paid.read()).amount_refunded]).toEqual([1180, 0]);
  });

  it("takes no more than is left, however many ask at once (lesson 29)", async () => {
    const paid = await invoice(1000, { pay: true });
    const answers = await Promise.all(Array.from({ length: 8 }, () => paid.credit({ amount: 400, settle: "balance" })));
    expect(answers.map((answer) => answer.status).sort()).toEqual([201, 201, 422, 422, 422, 422, 422, 422]);
    expect([await paid.balance(), (await paid.read()).amount_credited]).toEqual([800, 800]);
  });

  it("the same key again makes no second note", async () => {
    const paid = await invoice(1000, { pay: true });
    const headers = { "idempotency-key": "note" };
    const first = await world.post(`/v1/invoices/${paid.id}/refunds`, { amount: 100 }, headers);
    const second = await world.post(`/v1/invoices/${paid.id}/refunds`, { amount: 100 }, headers);
    expect([first.status, second.status, second.body.id]).toEqual([201, 201, first.body.id]);
    expect((await paid.read()).amount_refunded).toBe(100);
  });

  it("leaves books that are right", async () => {
    const verdicts = await verifyBooks(world.billing.ctx.pool, { tenantId: null, usage: "all", limit: 20 }, () => undefined);
    expect(verdicts.filter(({ wrong }) => wrong > 0)).toEqual([]);
  });

  it("refuses lines that are none, and invoices that are no debt", async () => {
    const open = await invoice(1000);
    const wrong = await open.credit({ lines: [{ line: "line_none", amount: 1 }] });
    expect([wrong.status, wrong.body.errors[0].path]).toEqual([422, "lines[0].line"]);
    const more = await open.credit({ lines: [{ line: open.line, amount: 1001 }] });
    expect([more.status, more.body.errors[0].path]).toEqual([422, "lines[0].amount"]);
    await world.must("POST", `/v1/invoices/${open.id}/void`, {});
    expect([(await open.credit({})).status, (await open.refund({ amount: 1 })).status]).toEqual([409, 409]);
  });
});
