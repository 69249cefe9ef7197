/** The first invoice of a subscription that Stripe runs, whose bank wants the payer: confirmed by its secret, or lapsed. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type BillingSetting, createBilling } from "./billing-setting.ts";
import { invoiceOf, markPaid } from "./resources/invoices.ts";
import { confirmOnPage } from "./resources/payment-intents.ts";

let b: BillingSetting;
beforeAll(async () => {
  b = await createBilling();
});
afterAll(async () => {
  expect(b.stripe.objections).toEqual([]);
  expect(await b.wrong()).toEqual([]);
  await b.close();
});

async function begun(tenant: string) {
  await b.tenant(tenant, "pm_card_authenticationRequired");
  expect(await b.start(tenant)).toMatchObject({ status: "incomplete" });
  const [invoice] = await b.invoices(tenant);
  const there = b.there(tenant);
  const confirmation = () => b.world.must("GET", `/v1/invoices/${invoice.id}/confirmation`);
  return { invoice, there, bill: invoiceOf(b.stripe, String(there.latest_invoice))!, confirmation };
}

test("the secret and Stripe's page are told; confirmed, the subscription begins, also for who is faster than the webhook", async () => {
  const { invoice, there, bill, confirmation } = await begun("acme");
  const waiting = await confirmation();
  expect(waiting).toMatchObject({
    invoice_id: invoice.id,
    status: "open",
    payment_id: null,
    action_url: `https://invoice.stripe.com/i/${bill.id}`,
    confirmation: { client_secret: expect.stringMatching(/^pi_.*_secret_loopback$/), publishable_key: null, gateway_payment_method: null },
  });
  confirmOnPage(b.stripe, waiting.confirmation.client_secret);
  markPaid(b.stripe, bill, false);
  there.status = "active";
  b.stripe.emit("customer.subscription.updated", there, { status: "incomplete" });
  expect(await confirmation()).toMatchObject({ status: "paid", action_url: null, confirmation: null });
  expect(await b.subscription("acme")).toMatchObject({ status: "active" });
  const before = await b.timeline("acme");
  await b.settle();
  expect(await b.timeline("acme")).toEqual(before);
  expect(before.filter((type) => type === "subscription.started" || type === "invoice.paid")).toHaveLength(2);
});

test("nobody confirms: it has expired, and there is nothing to confirm", async () => {
  const { there, bill, confirmation } = await begun("lapsed");
  Object.assign(bill, { status: "void" });
  (bill.status_transitions as Record<string, unknown>).voided_at = b.stripe.now;
  Object.assign(there, { status: "incomplete_expired", ended_at: b.stripe.now });
  b.stripe.emit("customer.subscription.updated", there, { status: "incomplete" });
  await b.settle();
  expect(await confirmation()).toMatchObject({ status: "void", confirmation: null });
  expect(await b.subscription("lapsed")).toMatchObject({ status: "expired" });
  // Another may be begun.
  b.card("lapsed", "pm_card_visa");
  expect(await b.start("lapsed")).toMatchObject({ status: "active" });
});

test("while Stripe is away there is no answer, and what is wrong is said", async () => {
  const { invoice } = await begun("away");
  b.stripe.fail("GET", /invoices\/in_/, "down");
  const answer = await b.world.get(`/v1/invoices/${invoice.id}/confirmation`);
  expect([answer.status, answer.body.code]).toEqual([503, "gateway_unavailable"]);
});
