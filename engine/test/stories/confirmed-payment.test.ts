/** The payer's bank wants the payer: what they confirm it with is told to who may pay, kept nowhere, and settles the same payment once. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { askAboutPayments } from "../../src/billing/payments/ask-payments.ts";
import { collectDue } from "../../src/billing/payments/collect.ts";
import { createWorld, type World } from "../world.ts";

let world: World;
beforeAll(async () => {
  world = await createWorld({ config: { logLevel: "silent" } });
  await world.must("PUT", "/v1/catalog", {
    plans: [{ key: "p", name: "P", currency: "usd", interval: "month", prices: [{ key: "base", type: "flat", amount: 1_000 }] }],
    credit_products: [{ key: "pack", name: "Pack", credits: 500, amount: 4_900, currency: "usd" }],
  });
});
afterAll(() => world.close());

async function waiting(tenant: string) {
  await world.must("PUT", `/v1/tenants/${tenant}`, { currency: "usd" });
  await world.must("POST", `/v1/tenants/${tenant}/payment-methods/setup-intent`, { token: "tok_requires_action" });
  await world.must("POST", `/v1/tenants/${tenant}/subscription`, { plan: "p" });
  await collectDue(world.billing.ctx);
  const [payment] = (await world.must("GET", `/v1/tenants/${tenant}/payments`)).items;
  const look = (headers: Record<string, string> = {}) =>
    world.call("GET", `/v1/tenants/${tenant}/payments/${payment.id}`, undefined, headers);
  const invoice = async () => (await world.must("GET", `/v1/tenants/${tenant}/invoices`)).items[0];
  const timeline = async (): Promise<string[]> =>
    (await world.must("GET", `/v1/tenants/${tenant}/events?limit=100`)).items.map((event: { type: string }) => event.type).reverse();
  return { payment, look, invoice, timeline };
}
const confirm = (body: object) => world.post("/sandbox/payment-intents/confirm", body, { authorization: "" });

it("by its secret: the first payment of a subscription is settled, once", async () => {
  const { payment, look, invoice, timeline } = await waiting("acme");
  expect(payment).toMatchObject({ status: "requires_action", action_url: expect.stringContaining("/sandbox/payments/") });
  expect(payment).not.toHaveProperty("confirmation");
  expect(await timeline()).toContain("payment.requires_action");
  const { body: shown, headers } = await look();
  expect(shown).toMatchObject({
    ...payment,
    confirmation: {
      client_secret: expect.stringContaining(payment.gateway_reference),
      publishable_key: null,
      gateway_payment_method: "tok_requires_action",
    },
  });
  expect(headers["cache-control"]).toBe("private, no-store");
  const { client_secret } = shown.confirmation;
  const answers = await Promise.all([confirm({ client_secret }), confirm({ client_secret })]);
  expect(answers.map((answer) => answer.status).sort()).toEqual([200, 404]);
  expect((await look()).body).toMatchObject({ status: "succeeded", confirmation: null, action_url: null });
  expect(await invoice()).toMatchObject({ status: "paid", amount_due: 0 });
  expect((await timeline()).filter((type) => type === "payment.succeeded")).toHaveLength(1);
});

it("is not for who may only read, nor for another tenant, nor kept anywhere", async () => {
  const { look, payment } = await waiting("private");
  const { client_secret } = (await look()).body.confirmation;
  const keyOf = async (scopes: string[], tenant: string) =>
    `Bearer ${(await world.must("POST", "/v1/api-keys", { name: "k", scopes, tenant_id: tenant })).secret}`;
  expect((await look({ authorization: await keyOf(["billing.read"], "private") })).body).toMatchObject({
    status: "requires_action",
    confirmation: null,
  });
  expect((await look({ authorization: await keyOf(["billing.write"], "private") })).body.confirmation.client_secret).toBe(client_secret);
  expect((await look({ authorization: await keyOf(["billing.write"], "acme") })).status).toBe(404);
  expect((await world.get(`/v1/tenants/acme/payments/${payment.id}`)).status).toBe(404);
  await world.post(`/v1/invoices/${payment.invoice_id}/pay`, {}, { "idempotency-key": "private" });
  const { rows: tables } = await world.owner.query(
    "select tablename from pg_tables where schemaname = 'public' and tablename <> 'sandbox_charges'",
  );
  for (const { tablename } of tables) {
    const { rows } = await world.owner.query(`select 1 from ${tablename} t where t::text like '%' || $1 || '%' limit 1`, [client_secret]);
    expect([tablename, rows.length]).toEqual([tablename, 0]);
  }
});

it("whoever pays the invoice while it waits is answered the same attempt, with its secret", async () => {
  const { payment, invoice } = await waiting("eager");
  const key = { "idempotency-key": "eager" };
  const pay = (body = {}, headers = {}) => world.post(`/v1/invoices/${payment.invoice_id}/pay`, body, headers);
  for (const headers of [{}, key, key])
    expect(await pay({}, headers)).toMatchObject({
      status: 202,
      body: { id: payment.invoice_id, status: "open", payment: { id: payment.id, confirmation: { client_secret: expect.any(String) } } },
    });
  expect((await pay({ amount: 400 })).body.code).toBe("conflict");
  const { client_secret } = (await pay()).body.payment.confirmation;
  // With another card on the page, which is declined; then the same key is told so.
  expect((await confirm({ client_secret, card: "tok_declined" })).body).toEqual({ status: "failed" });
  expect(await pay({}, key)).toMatchObject({ status: 402, body: { code: "payment_failed", gateway_code: "card_declined" } });
  expect((await confirm({ client_secret })).status).toBe(404);
  await world.must("POST", "/v1/tenants/eager/payment-methods/setup-intent", { token: "tok_visa" });
  expect(await pay()).toMatchObject({ status: 200, body: { status: "paid" } });
  expect(await invoice()).toMatchObject({ amount_paid: 1_000 });
});

it("on the sandbox's own page, as on a bank's", async () => {
  const { payment, look } = await waiting("page");
  const path = new URL(payment.action_url).pathname;
  const press = (action: string) =>
    world.post(path, `action=${action}`, { authorization: "", "content-type": "application/x-www-form-urlencoded" });
  const page = await world.billing.app.inject({ method: "GET", url: path });
  expect([page.statusCode, page.headers["content-type"]]).toEqual([200, "text/html; charset=utf-8"]);
  expect(page.body).toContain("USD 10.00");
  expect((await press("steal")).status).toBe(422);
  expect((await press("confirm")).text).toContain("was confirmed");
  expect((await press("refuse")).text).toContain("does not wait");
  expect((await look()).body.status).toBe("succeeded");
  const refused = await waiting("refuser");
  await world.post(new URL(refused.payment.action_url).pathname, "action=refuse", {
    authorization: "",
    "content-type": "application/x-www-form-urlencoded",
  });
  expect((await refused.look()).body).toMatchObject({ status: "failed", code: "payment_intent_authentication_failure" });
  expect((await refused.invoice()).status).toBe("open");
});

it("nobody confirms: after a day it is given up, and nobody can any more", async () => {
  const { payment, look, timeline } = await waiting("absent");
  const { client_secret } = (await look()).body.confirmation;
  await world.owner.query("update payments set ask_at = '2020-01-01', sent_at = sent_at - interval '1 day' where id = $1", [payment.id]);
  await askAboutPayments(world.billing.ctx);
  expect((await look()).body).toMatchObject({ status: "failed", code: "canceled", confirmation: null });
  expect(await timeline()).toContain("invoice.payment_failed");
  expect((await confirm({ client_secret })).status).toBe(404);
});

it("credits that are bought are granted when it is confirmed", async () => {
  await world.must("PUT", "/v1/tenants/buyer", { currency: "usd" });
  await world.must("POST", "/v1/tenants/buyer/payment-methods/setup-intent", { token: "tok_requires_action" });
  const bought = await world.post("/v1/tenants/buyer/credits/purchases", { product: "pack" });
  expect(bought).toMatchObject({ status: 202, body: { status: "open", payment: { status: "requires_action" } } });
  expect((await world.must("GET", "/v1/tenants/buyer/credits")).balance).toBe(0);
  await confirm({ client_secret: bought.body.payment.confirmation.client_secret });
  expect((await world.must("GET", "/v1/tenants/buyer/credits")).balance).toBe(500);
});

it("a secret that is none confirms nothing, and live mode has no such route", async () => {
  for (const body of [{ client_secret: "nothing_secret_x" }, { client_secret: "" }, { client_secret: "a", card: "4" }])
    expect([404, 422]).toContain((await confirm(body)).status);
});

it("of the invoice, whoever may pay it is told the same", async () => {
  const { payment, look } = await waiting("by-invoice");
  const ask = () => world.must("GET", `/v1/invoices/${payment.invoice_id}/confirmation`);
  const { confirmation, ...rest } = await ask();
  expect(rest).toEqual({ invoice_id: payment.invoice_id, status: "open", payment_id: payment.id, action_url: payment.action_url });
  expect(confirmation).toEqual((await look()).body.confirmation);
  const { secret } = await world.must("POST", "/v1/api-keys", { name: "r", scopes: ["billing.read"], tenant_id: "by-invoice" });
  const url = `/v1/invoices/${payment.invoice_id}/confirmation`;
  expect((await world.call("GET", url, undefined, { authorization: `Bearer ${secret}` })).status).toBe(403);
  await confirm({ client_secret: confirmation.client_secret });
  expect(await ask()).toEqual({ invoice_id: payment.invoice_id, status: "paid", payment_id: null, action_url: null, confirmation: null });
  expect((await world.get("/v1/invoices/inv_nothing/confirmation")).status).toBe(404);
});
