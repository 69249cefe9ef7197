/** The sandbox pays, declines, keeps silent and asks for more, as the test card says; nothing is ever charged twice. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { collectDue } from "../../src/billing/payments/collect.ts";
import { onPool } from "../../src/db/pool.ts";
import { createWorld, type World } from "../world.ts";

describe("test cards", () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld();
    await world.must("PUT", "/v1/catalog", {
      plans: [{ key: "p", name: "P", currency: "usd", interval: "month", prices: [{ key: "base", type: "flat", amount: 1_000 }] }],
    });
  });
  afterAll(() => world.close());

  const subscribe = async (id: string, card?: object) => {
    await world.must("PUT", `/v1/tenants/${id}`, { currency: "usd" });
    if (card) await world.must("POST", `/v1/tenants/${id}/payment-methods/setup-intent`, card);
    await world.must("POST", `/v1/tenants/${id}/subscription`, { plan: "p" });
    await collectDue(world.billing.ctx);
    const invoice = (await world.must("GET", `/v1/tenants/${id}/invoices`)).items[0];
    const payment = (await world.must("GET", `/v1/tenants/${id}/payments`)).items[0];
    return { invoice, payment };
  };

  it.each([
    ["no-card", undefined, "paid", "succeeded", null],
    ["visa", { card: "4242 4242 4242 4242" }, "paid", "succeeded", null],
    ["token", { token: "tok_mastercard" }, "paid", "succeeded", null],
    ["declined", { card: "4000000000000002" }, "open", "failed", "card_declined"],
    ["broke", { card: "4000000000009995" }, "open", "failed", "insufficient_funds"],
    ["careful", { card: "4000002500003155" }, "open", "requires_action", null],
    ["slow", { card: "4000000000000077" }, "open", "pending", null],
  ])("%s", async (id, card, invoiceStatus, paymentStatus, code) => {
    const { invoice, payment } = await subscribe(id, card);
    expect([invoice.status, payment.status, payment.code]).toEqual([invoiceStatus, paymentStatus, code]);
    expect(payment).toMatchObject({ invoice_id: invoice.id, amount: 1_000, currency: "usd", gateway: "sandbox", attempt: 1 });
    expect(invoice.amount_paid + invoice.amount_due).toBe(1_000);
  });

  it("asks about a charge that was never answered, and does not charge again", async () => {
    const { payment } = await subscribe("silent", { card: "4000000000000119" });
    expect(payment.status).toBe("unknown");
    const db = onPool(world.billing.ctx.pool);
    // Its turn comes half a minute later; here the wait is cut short.
    await db.query("update payments set claimed_until = null where tenant_id = 'silent'");
    await collectDue(world.billing.ctx);
    const { items } = await world.must("GET", "/v1/tenants/silent/payments");
    expect(items.map((item: { status: string }) => item.status)).toEqual(["succeeded"]);
    expect((await world.must("GET", "/v1/tenants/silent/invoices")).items[0].status).toBe("paid");
    const [charges] = await db.query<{ n: number }>("select count(*)::int as n from sandbox_charges where idempotency_key = $1", [
      payment.id,
    ]);
    expect(charges!.n).toBe(1);
  });

  it("finds the charge of a worker that died before it could say so", async () => {
    await world.must("PUT", "/v1/tenants/crash", { currency: "usd" });
    await world.must("POST", "/v1/tenants/crash/subscription", { plan: "p" });
    const db = onPool(world.billing.ctx.pool);
    const [row] = await db.query<{ id: string; invoice_id: string }>("select id, invoice_id from payments where tenant_id = 'crash'");
    // What such a worker leaves: the gateway has charged, the row says only that it was sent.
    await world.billing.ctx.gateways.get("sandbox").charge({
      idempotencyKey: row!.id,
      tenantId: "crash",
      customer: null,
      invoiceId: row!.invoice_id,
      invoiceNumber: null,
      amountMinor: 1_000n,
      currency: "usd",
      method: null,
    });
    await db.query("update payments set sent_at = now() where tenant_id = 'crash'");
    await world.must("POST", "/v1/tenants/crash/payment-methods/setup-intent", { token: "tok_declined" });
    await collectDue(world.billing.ctx);
    expect((await world.must("GET", "/v1/tenants/crash/invoices")).items[0].status).toBe("paid");
  });

  it("refuses a card that is none", async () => {
    const answer = await world.post("/v1/tenants/visa/payment-methods/setup-intent", { card: "1234" });
    expect([answer.status, answer.body.errors[0].path]).toEqual([422, "card"]);
  });
});
