/** Money that is collected here for invoices of Stripe's, and invoices of ours that are shown there: each told once. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { notifyDue } from "../../src/processors/stripe/notify.ts";
import { stripeParts } from "../../src/processors/stripe/processor.ts";
import { KEY_ID, KEY_SECRET, type Loopback, startLoopback } from "../razorpay/server.ts";
import { eventOf, sign, WEBHOOK_SECRET } from "../razorpay/setting.ts";
import { type BillingSetting, createBilling } from "./billing-setting.ts";
import type { Json } from "./server.ts";

let b: BillingSetting;
let razorpay: Loopback;
beforeAll(async () => {
  razorpay = await startLoopback();
  b = await createBilling({
    providerSync: "invoices",
    razorpay: { keyId: KEY_ID, keySecret: KEY_SECRET, apiUrl: razorpay.url, timeoutMs: 20_000 },
    razorpayWebhookSecrets: [WEBHOOK_SECRET],
  });
});
afterAll(async () => {
  expect(b.stripe.objections).toEqual([]);
  expect(await b.wrong()).toEqual([]);
  await b.close();
  await razorpay.close();
});

const tell = () => notifyDue(b.world.billing.ctx, stripeParts(b.world.billing.ctx)!);
const hurry = () => b.world.owner.query("update processor_notices set next_at = '2020-01-01', claimed_until = null where done_at is null");
const pays = () => b.stripe.writes(/invoices\/[^/]+\/pay$/);

async function sent(tenant: string) {
  await b.tenant(tenant, "");
  await b.start(tenant, { collection: "send_invoice" });
  return (await b.invoices(tenant))[0];
}

test("lesson 7: a captured Razorpay payment settles a Stripe invoice, and marks it paid out of band, once", async () => {
  const invoice = await sent("india");
  const order = await b.world.must("POST", `/v1/invoices/${invoice.id}/razorpay-order`);
  expect(order).toMatchObject({ amount: 1_000, currency: "usd", invoice: invoice.id });
  const payment = razorpay.pay(order.order_id);
  const body = JSON.stringify(eventOf("payment.captured", { payment }));
  for (let time = 0; time < 2; time++)
    await b.world.post("/v1/webhooks/razorpay", body, {
      authorization: "",
      "x-razorpay-signature": sign(body),
      "x-razorpay-event-id": "captured",
    });
  await b.dispatch();
  expect((await b.invoices("india"))[0]).toMatchObject({
    status: "paid",
    amount_paid: 1_000,
    processor_invoice_id: invoice.processor_invoice_id,
  });
  // Stripe is away first; then the worker dies after it told: Stripe is asked before it is told again.
  b.stripe.fail("POST", /\/pay$/, "down");
  await tell();
  await hurry();
  await tell();
  await b.world.owner.query("update processor_notices set done_at = null");
  expect([await tell(), await tell()]).toEqual([1, 0]);
  expect(pays().map(({ form, idempotencyKey, status }) => [form, idempotencyKey, status])).toEqual([
    [{ paid_out_of_band: "true" }, `paid-${invoice.id}`, 500],
    [{ paid_out_of_band: "true" }, `paid-${invoice.id}`, 200],
  ]);
  expect(b.stripe.objects.get(invoice.processor_invoice_id)).toMatchObject({ status: "paid", amount_paid_off_stripe: 1_000 });
  // What Stripe then reports is known.
  const before = await b.timeline("india");
  await b.settle();
  expect(await b.timeline("india")).toEqual(before);
  expect((await b.world.must("GET", "/v1/tenants/india/payments")).items).toMatchObject([{ gateway: "razorpay", status: "succeeded" }]);
  expect((await b.world.must("GET", "/v1/tenants/india/credits")).available).toBe(100);
});

test("a bank transfer reconciles a Stripe invoice, all of it first", async () => {
  const invoice = await sent("bank");
  const seen = pays().length;
  const transfer = (reference: string, amount: number) =>
    b.world.must("POST", `/v1/invoices/${invoice.id}/reconcile`, {
      method: "neft",
      reference,
      amount,
      received_at: "2026-11-28T00:00:00Z",
    });
  await transfer("UTR1", 400);
  expect(await tell()).toBe(0);
  await transfer("UTR2", 600);
  await tell();
  expect(pays().length).toBe(seen + 1);
  expect(b.stripe.objects.get(invoice.processor_invoice_id)).toMatchObject({ status: "paid" });
});

test("paid at Stripe in the meantime: it is not paid there twice", async () => {
  const invoice = await sent("both");
  const there = b.stripe.objects.get(invoice.processor_invoice_id) as Json;
  await b.world.must("POST", `/v1/invoices/${invoice.id}/reconcile`, {
    method: "wire",
    reference: "W1",
    amount: 1_000,
    received_at: "2026-11-28T00:00:00Z",
  });
  there.status = "paid";
  const seen = pays().length;
  await tell();
  expect(pays().length).toBe(seen);
});

test("an invoice of the engine is shown at Stripe with what it comes to, and marked as paid when it is settled here", async () => {
  await b.tenant("shown", "");
  const item = await b.world.must("POST", "/v1/tenants/shown/invoice-items", {
    description: "Work",
    amount: 7_700,
    invoice: "own",
    collection: "send_invoice",
  });
  b.stripe.fail("POST", /finalize$/, "down");
  await tell();
  await hurry();
  await tell();
  const invoice = await b.world.must("GET", `/v1/invoices/${item.invoice_id}`);
  const there = b.stripe.objects.get(invoice.processor_invoice_id) as Json;
  expect(there).toMatchObject({
    status: "open",
    amount_due: 7_700,
    collection_method: "send_invoice",
    metadata: { billwright_invoice: invoice.id, number: invoice.number },
    lines: { data: [{ description: "Work", amount: 7_700 }] },
  });
  expect(b.stripe.all("invoice").filter((one) => (one.metadata as Json).billwright_invoice === invoice.id)).toHaveLength(1);
  await b.world.must("POST", `/v1/invoices/${invoice.id}/reconcile`, {
    method: "wire",
    reference: "W2",
    amount: 7_700,
    received_at: "2026-11-28T00:00:00Z",
  });
  await tell();
  expect(there).toMatchObject({ status: "paid" });
  // Its events are of no subscription, so nothing comes back from there.
  const before = await b.timeline("shown");
  await b.settle();
  expect(await b.timeline("shown")).toEqual(before);
});
