/** A pack of credits is bought: on the gateway's page, by the stored card, on an invoice that is sent. Granted once, taken back on refund. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { settleCheckouts } from "../../src/billing/payments/settle-checkout.ts";
import { onPool } from "../../src/db/pool.ts";
import { createWorld, type World } from "../world.ts";
import { creditsOf, pageOf } from "./credits.ts";
import { COLLECTED, ISSUED, tenantOf } from "./tenant.ts";

const CATALOG = {
  plans: [{ key: "pro", name: "Pro", currency: "usd", interval: "month", prices: [{ key: "base", type: "flat", amount: 2_900 }] }],
  credit_products: [
    { key: "pack_10k", name: "10,000 credits", credits: 10_000, amount: 4_900, currency: "usd" },
    { key: "last", credits: 7, amount: 100, currency: "usd", priority: 30 },
    { key: "retired", credits: 1, amount: 1, currency: "usd", active: false },
  ],
  tax_rates: [{ key: "vat_de", kind: "vat", country: "DE", percent: 19 }],
};
const RETURN = { success_url: "https://app.example/paid?plan=x", cancel_url: "https://app.example/pricing" };
const SELLER = { name: "Seller", address: null, country: "DE", region: null, taxId: null };
const NOW = "2026-03-01T00:00:00Z";

describe("a pack of credits", () => {
  let world: World;
  let clock: Awaited<ReturnType<World["clock"]>>;

  beforeAll(async () => {
    world = await createWorld({ config: { seller: SELLER } });
    await world.must("PUT", "/v1/catalog", CATALOG);
    clock = await world.clock(NOW);
  });
  afterAll(() => world.close());

  async function buyer(id: string, fields: object = {}) {
    await world.must("PUT", `/v1/tenants/${id}`, { currency: "usd", test_clock: clock.id, address: { country: "US" }, ...fields });
    const tenant = tenantOf(world, id);
    await tenant.news();
    const checkout = async (body: object = {}) =>
      world.must("POST", `${tenant.url}/credits/checkout`, { product: "pack_10k", ...RETURN, ...body });
    return { ...tenant, id, checkout, has: () => creditsOf(world, id, NOW) };
  }

  it("is paid for on the page: one invoice with its tax, paid, and one grant", async () => {
    const acme = await buyer("acme", { address: { country: "DE", postal_code: "10115" } });
    const checkout = await acme.checkout({ quantity: 2 });
    expect(checkout).toMatchObject({ kind: "credits", status: "open", product: "pack_10k", quantity: 2, amount: 11_662, invoice_id: null });
    expect(await acme.news()).toEqual([]);
    const page = pageOf(world, checkout.url);
    const shown = await page.show();
    expect(shown).toMatchObject({ status: 200 });
    expect(shown.html).toContain("2 × 10,000 credits");
    expect(shown.html).toContain("116.62");
    expect(shown.headers["content-security-policy"]).toContain("form-action 'self' https://app.example");

    expect((await page.pay("tok_declined")).html).toContain("The card was declined.");
    expect(await acme.news()).toEqual([]);
    const paid = await page.pay();
    expect(paid).toMatchObject({ status: 303, location: `https://app.example/paid?plan=x&checkout_id=${checkout.id}` });
    expect(await acme.news()).toEqual(["checkout.completed", ...ISSUED, ...COLLECTED, "credits.granted"]);
    expect(await acme.has()).toEqual({ purchase: 20_000 });
    const [invoice, ...others] = await acme.invoices();
    expect(others).toEqual([]);
    expect(invoice).toMatchObject({ status: "paid", subtotal: 9_800, tax: 1_862, total: 11_662, amount_paid: 11_662, amount_due: 0 });
    expect(invoice.lines).toMatchObject([{ kind: "pack", description: "10,000 credits", quantity: 2, amount: 9_800 }]);
    expect(await world.must("GET", `${acme.url}/checkouts/${checkout.id}`)).toMatchObject({ status: "completed", invoice_id: invoice.id });
    const { items: payments } = await world.must("GET", `${acme.url}/payments`);
    expect(payments).toMatchObject([{ status: "succeeded", amount: 11_662, invoice_id: invoice.id }]);

    // The page again leads on, and does nothing.
    expect((await page.pay("tok_mastercard")).location).toContain("/paid");
    expect((await page.cancel()).location).toContain("/paid");
    expect(await acme.news()).toEqual([]);
  });

  it("is used up in the order that its product says, as it was when it was sold", async () => {
    const order = await buyer("order");
    await pageOf(world, (await order.checkout({ product: "last" })).url).pay();
    await world.must("POST", `${order.url}/payment-methods/setup-intent`, { token: "tok_visa" });
    const sent = { collection: "send_invoice" };
    await world.must("POST", `${order.url}/credits/purchases`, { product: "last", ...sent });
    await world.must("POST", `${order.url}/credits/purchases`, { product: "pack_10k" });
    const { key, ...changed } = { ...CATALOG.credit_products[1]!, priority: 1 };
    await world.must("PUT", `/v1/credit-products/${key}`, changed);
    const { items } = await world.must("GET", `${order.url}/credits/purchases`);
    const open = items.find((one: { origin: string }) => one.origin === "invoice");
    await world.must("POST", `/v1/invoices/${open.invoice_id}/pay`);
    const { grants } = await world.must("GET", `${order.url}/credits`);
    expect(grants.map((one: { amount: number; priority: number }) => [one.amount, one.priority])).toEqual([
      [10_000, 10],
      [7, 30],
      [7, 30],
    ]);
  });

  it("is granted once, though the page, the return page and the poller report the payment at once, and twice", async () => {
    const racer = await buyer("racer");
    const checkout = await racer.checkout();
    await pageOf(world, checkout.url).pay("tok_unknown");
    // Nobody was told: the payment is found by whoever asks first.
    expect(await racer.news()).toEqual([]);
    await world.billing.ctx.gateways.get("sandbox").findCheckout!(checkout.id, "");
    const ask = () => world.must("GET", `${racer.url}/checkouts/${checkout.id}`);
    await onPool(world.billing.ctx.pool).query("update checkouts set ask_at = created_at where id = $1", [checkout.id]);
    const page = pageOf(world, checkout.url);
    await Promise.all([
      ask(),
      settleCheckouts(world.billing.ctx),
      ask(),
      page.pay(),
      settleCheckouts(world.billing.ctx),
      ask(),
      page.pay(),
    ]);
    await settleCheckouts(world.billing.ctx);
    expect(await ask()).toMatchObject({ status: "completed" });
    expect(await racer.news()).toEqual(["checkout.completed", ...ISSUED, ...COLLECTED, "credits.granted"]);
    expect(await racer.has()).toEqual({ purchase: 10_000 });
    expect(await racer.invoices()).toHaveLength(1);
  });

  it("left or late comes to nothing", async () => {
    const leaver = await buyer("leaver");
    const left = await leaver.checkout();
    expect((await pageOf(world, left.url).cancel()).location).toBe(`https://app.example/pricing?checkout_id=${left.id}`);
    expect(await leaver.news()).toEqual(["checkout.canceled"]);
    const late = await leaver.checkout({ success_url: "https://app.example/done/{CHECKOUT_ID}" });
    await onPool(world.billing.ctx.pool).query("update sandbox_checkouts set expires_at = created_at where checkout_id = $1", [late.id]);
    expect((await pageOf(world, late.url).pay()).location).toContain("/pricing");
    expect(await world.must("GET", `${leaver.url}/checkouts/${late.id}`)).toMatchObject({ status: "expired" });
    expect(await leaver.news()).toEqual(["checkout.expired"]);
    expect(await leaver.invoices()).toEqual([]);
    expect(await leaver.has()).toEqual({});
  });

  it("that is refunded is taken back in proportion, as far as it is left", async () => {
    const refunded = await buyer("refunded");
    await pageOf(world, (await refunded.checkout()).url).pay();
    const [invoice] = await refunded.invoices();
    await refunded.news();
    await world.must("POST", `/v1/invoices/${invoice.id}/refunds`, { amount: 1_225 });
    expect(await refunded.has()).toEqual({ purchase: 7_500 });
    await clock.to(NOW);
    expect(await refunded.news()).toEqual(["invoice.credited", "credits.refunded", "payment.refunded"]);
    await spend("refunded", 6_000);
    await refunded.news();
    await world.must("POST", `/v1/invoices/${invoice.id}/refunds`, {});
    expect(await refunded.has()).toEqual({});
    const { items } = await world.must("GET", `${refunded.url}/events?limit=100`);
    const [last] = items.filter((event: { type: string }) => event.type === "credits.refunded");
    expect(last.data).toMatchObject({ amount: 1_500, missing: 6_000 });
    const { items: purchases } = await world.must("GET", `${refunded.url}/credits/purchases`);
    expect(purchases).toMatchObject([{ status: "granted", granted: 10_000, taken_back: 4_000, not_taken_back: 6_000 }]);
  });

  it("that is refunded while some of it is held takes that back when the hold ends, but not what is captured", async () => {
    const held = await buyer("held");
    await pageOf(world, (await held.checkout()).url).pay();
    const hold = async (amount: number) => (await world.must("POST", `${held.url}/credits/holds`, { amount, expires_in: 3_600 })).id;
    const [released, captured, over] = [await hold(1_000), await hold(2_000), await hold(3_000)];
    const [invoice] = await held.invoices();
    await world.must("POST", `/v1/invoices/${invoice.id}/refunds`, {});
    const taken = async () => (await world.must("GET", `${held.url}/credits/purchases`)).items[0].taken_back;
    expect([await held.has(), await taken()]).toEqual([{}, 4_000]);
    await held.news();
    await world.must("POST", `${held.url}/credits/holds/${released}/release`, {});
    expect([await held.has(), await taken()]).toEqual([{}, 5_000]);
    expect(await held.news()).toContain("credits.refunded");
    await world.must("POST", `${held.url}/credits/holds/${captured}/capture`, { amount: 500 });
    expect([await held.has(), await taken()]).toEqual([{}, 6_500]);
    await onPool(world.billing.ctx.pool).query(
      "update credit_holds set expires_at = created_at where id = $1 /* the time is over */ and tenant_id = 'held'",
      [over],
    );
    expect(await world.post(`${held.url}/credits/consume`, { amount: 1 })).toMatchObject({ status: 402 });
    expect([await held.has(), await taken()]).toEqual([{}, 9_500]);
    const { checks, ok } = await world.must("GET", "/v1/credits/verify");
    expect(ok, JSON.stringify(checks)).toBe(true);
  });

  it("by the stored card is paid at once or not sold; on an invoice it is granted when that is paid", async () => {
    const direct = await buyer("direct");
    await world.must("POST", `${direct.url}/payment-methods/setup-intent`, { token: "tok_declined" });
    const buy = (body: object = {}, headers = {}) =>
      world.post(`${direct.url}/credits/purchases`, { product: "pack_10k", ...body }, headers);
    expect(await buy()).toMatchObject({ status: 402, body: { code: "payment_failed", gateway_code: "card_declined" } });
    expect(await direct.news()).toEqual([...ISSUED, "payment.failed", "invoice.payment_failed", "invoice.voided"]);
    await world.must("POST", `${direct.url}/payment-methods/setup-intent`, { token: "tok_visa" });
    const key = { "Idempotency-Key": "buy-1" };
    const [first, again] = [await buy({}, key), await buy({}, key)];
    expect(first).toMatchObject({ status: 201, body: { status: "granted", granted: 10_000, origin: "direct" } });
    expect(again.body).toEqual(first.body);
    expect(await direct.news()).toEqual([...ISSUED, ...COLLECTED, "credits.granted"]);
    const sent = (await buy({ collection: "send_invoice" })).body;
    expect(sent).toMatchObject({ status: "open", origin: "invoice", granted: 0 });
    expect(await direct.has()).toEqual({ purchase: 10_000 });
    await world.must("POST", `/v1/invoices/${sent.invoice_id}/pay`);
    expect(await direct.has()).toEqual({ purchase: 20_000 });
    expect(await world.post(`/v1/invoices/${sent.invoice_id}/pay`)).toMatchObject({ status: 409 });
    expect(await direct.has()).toEqual({ purchase: 20_000 });
  });

  it("lesson 31: paying any other invoice never tops up the wallet", async () => {
    const other = await buyer("other");
    await other.start({ plan: "pro", collection: "send_invoice" });
    await world.must("POST", `${other.url}/invoice-items`, {
      description: "10,000 credits",
      amount: 4_900,
      currency: "usd",
      invoice: "own",
    });
    for (const invoice of await other.invoices()) {
      if (invoice.status === "open") await world.must("POST", `/v1/invoices/${invoice.id}/pay`);
    }
    expect((await other.invoices()).map((invoice) => [invoice.status, invoice.total])).toEqual([
      ["paid", 2_900],
      ["paid", 4_900],
    ]);
    expect(await other.has()).toEqual({});
  });

  it("refuses what cannot be sold, naming the field", async () => {
    const asked = await buyer("asked");
    const tries: [object, number, string][] = [
      [{ product: "retired", ...RETURN }, 404, "product"],
      [{ product: "nothing", ...RETURN }, 404, "product"],
      [{ product: "pack_10k", ...RETURN, success_url: "javascript:alert(1)" }, 422, "success_url"],
      [{ product: "pack_10k", ...RETURN, cancel_url: "/pricing" }, 422, "cancel_url"],
      [{ product: "pack_10k", ...RETURN, quantity: 0 }, 422, "quantity"],
      [{ product: "pack_10k", ...RETURN, extra: 1 }, 422, "extra"],
    ];
    for (const [body, status, path] of tries) {
      const answer = await world.post(`${asked.url}/credits/checkout`, body);
      expect([answer.status, answer.body.errors?.[0]?.path]).toEqual([status, path]);
    }
    expect((await world.post(`${asked.url}/credits/checkout`, { product: "pack_10k", ...RETURN, gateway: "stripe" })).status).toBe(503);
    expect((await world.get("/sandbox/checkout/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")).status).toBe(404);
    const euro = await buyer("euro", { currency: "eur" });
    expect((await world.post(`${euro.url}/credits/checkout`, { product: "pack_10k", ...RETURN })).body.errors[0].path).toBe("product");
  });

  async function spend(tenantId: string, amount: number) {
    await world.must("POST", `/v1/tenants/${tenantId}/credits/consume`, { amount, idempotency_key: `spend ${amount}` });
  }
});
