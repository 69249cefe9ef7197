/** A bank that wants the payer: what Stripe.js confirms the payment with is told to who may pay and kept nowhere; then the webhook settles it, once. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { confirmOnPage } from "./resources/payment-intents.ts";
import { CARDS } from "./resources/payment-methods.ts";
import type { Json } from "./server.ts";
import { createSetting, type Setting } from "./setting.ts";

let setting: Setting;
beforeAll(async () => {
  setting = await createSetting();
});
afterAll(async () => {
  expect(setting.stripe.objections).toEqual([]);
  expect(await setting.wrong()).toEqual([]);
  // Not in the webhooks that told of it either: those are kept.
  const { rows: tables } = await setting.world.owner.query("select tablename from pg_tables where schemaname = 'public'");
  for (const { tablename } of tables) {
    const text = tablename === "inbound_events" ? "encode(body, 'escape')" : "t::text";
    const { rows } = await setting.world.owner.query(`select 1 from ${tablename} t where ${text} like '%_secret_loopback%' limit 1`);
    expect([tablename, rows.length]).toEqual([tablename, 0]);
  }
  await setting.close();
});

async function waiting(tenant: string) {
  const customer = await setting.payer(tenant, "pm_card_authenticationRequired");
  const bill = await setting.bill(tenant);
  await setting.collect();
  const [payment] = await setting.payments(tenant);
  const look = () => setting.world.must("GET", `/v1/tenants/${tenant}/payments/${payment.id}`);
  const intent = setting.stripe.objects.get(payment.gateway_reference) as Json & { id: string };
  return { customer, bill, payment, look, intent };
}

test("it is asked of Stripe for the page; confirmed there, the same payment is settled by its webhooks, in any order and twice", async () => {
  const { bill, payment, look, intent, customer } = await waiting("acme");
  const method = setting.stripe.all("payment_method").find((one) => one.customer === customer)!;
  expect(await look()).toMatchObject({
    status: "requires_action",
    confirmation: { client_secret: intent.client_secret, publishable_key: "pk_test_loopback", gateway_payment_method: method.id },
  });
  await setting.tell();
  confirmOnPage(setting.stripe, String(intent.client_secret));
  await setting.tell((events) => [...events, ...events].reverse());
  expect((await setting.payments("acme")).map((one) => [one.id, one.status])).toEqual([[payment.id, "succeeded"]]);
  expect(await look()).toMatchObject({ status: "succeeded", confirmation: null });
  expect(await setting.invoice(bill.id)).toMatchObject({ status: "paid", amount_paid: 4_200 });
  const timeline = await setting.timeline("acme");
  expect(timeline.filter((event) => /payment\.(requires_action|succeeded)/.test(event))).toEqual([
    "stripe payment.requires_action",
    "stripe payment.succeeded",
  ]);
});

test("who comes back from the page before the webhook sees it paid, and the webhook changes nothing", async () => {
  const { bill, look, intent } = await waiting("fast");
  confirmOnPage(setting.stripe, String(intent.client_secret));
  const both = await Promise.all([look(), look(), setting.world.post(`/v1/invoices/${bill.id}/pay`)]);
  expect(both[0].status).toBe("succeeded");
  expect((await setting.invoice(bill.id)).status).toBe("paid");
  const before = await setting.timeline("fast");
  await setting.tell();
  expect(await setting.timeline("fast")).toEqual(before);
  expect(before.filter((event) => event.endsWith("payment.succeeded"))).toHaveLength(1);
});

test("the invoice is paid by the same attempt, with its secret; another card may be given on the page", async () => {
  const { bill, payment, intent } = await waiting("other");
  const paid = await setting.world.post(`/v1/invoices/${bill.id}/pay`);
  expect(paid).toMatchObject({
    status: 202,
    body: { status: "open", payment: { id: payment.id, confirmation: { client_secret: intent.client_secret } } },
  });
  expect(() => confirmOnPage(setting.stripe, String(intent.client_secret), CARDS.pm_card_chargeDeclined)).toThrow("declined");
  await setting.tell();
  expect((await setting.payments("other"))[0]).toMatchObject({ status: "failed", code: "generic_decline" });
  // The page is still open, and the person tries a third card: it is the same payment.
  confirmOnPage(setting.stripe, String(intent.client_secret), CARDS.pm_card_visa);
  await setting.tell();
  expect([(await setting.payments("other"))[0].status, (await setting.invoice(bill.id)).status]).toEqual(["succeeded", "paid"]);
});

test("one that is canceled at Stripe has failed, whoever tells; the next attempt is another one", async () => {
  for (const told of [true, false]) {
    const tenant = told ? "lapsed-told" : "lapsed-seen";
    const { bill, payment, look, intent } = await waiting(tenant);
    Object.assign(intent, { status: "canceled", cancellation_reason: "abandoned", last_payment_error: null });
    setting.stripe.emit("payment_intent.canceled", intent);
    if (told) await setting.tell();
    else setting.lose();
    expect(await look()).toMatchObject({ status: "failed", code: "canceled", confirmation: null });
    expect(() => confirmOnPage(setting.stripe, String(intent.client_secret))).toThrow("canceled");
    const again = await setting.world.post(`/v1/invoices/${bill.id}/pay`);
    expect([again.status, again.body.payment.id === payment.id, again.body.payment.status]).toEqual([202, false, "requires_action"]);
    await setting.tell();
  }
});

test("while Stripe is away the payment can be read, with nothing to confirm it by", async () => {
  const { look, intent } = await waiting("away");
  for (const fault of ["down", "odd", "forbidden"] as const) {
    setting.stripe.fail("GET", /payment_intents\/pi_/, fault);
    expect(await look()).toMatchObject({ status: "requires_action", confirmation: null });
  }
  expect((await look()).confirmation.client_secret).toBe(intent.client_secret);
  // The first question is answered, that it waits no more; the second, what became of it, is not.
  confirmOnPage(setting.stripe, String(intent.client_secret));
  const answered = setting.stripe.requests.length;
  setting.stripe.fail("GET", /payment_intents\/pi_/, "none", "down");
  expect(await look()).toMatchObject({ status: "requires_action", confirmation: null });
  expect(setting.stripe.requests.length).toBe(answered + 2);
  expect(await look()).toMatchObject({ status: "succeeded" });
  await setting.tell();
});

test("the first payment of a subscription that is charged at Stripe waits for the person in the same way", async () => {
  const { world, stripe } = setting;
  await world.must("PUT", "/v1/plans/studio", {
    name: "Studio",
    currency: "usd",
    interval: "month",
    prices: [{ key: "base", type: "flat", amount: 1_900 }],
  });
  await setting.payer("subscriber", "pm_card_authenticationRequired");
  await world.must("POST", "/v1/tenants/subscriber/subscription", { plan: "studio", gateway: "stripe" });
  await setting.collect();
  const [payment] = await setting.payments("subscriber");
  const { confirmation } = await world.must("GET", `/v1/tenants/subscriber/payments/${payment.id}`);
  confirmOnPage(stripe, confirmation.client_secret);
  await setting.tell();
  expect(await world.must("GET", "/v1/tenants/subscriber/invoices")).toMatchObject({ items: [{ status: "paid", total: 1_900 }] });
});
