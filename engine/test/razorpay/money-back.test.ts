/** Money that goes back without being asked for here: refunds made in Razorpay's dashboard, and disputes. Each once, in any order. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { refundDue } from "../../src/billing/payments/give-back.ts";
import { KEY_ID, KEY_SECRET } from "./server.ts";
import { createSetting, eventOf, type Setting } from "./setting.ts";

type Json = Record<string, unknown>;
let setting: Setting;
beforeAll(async () => {
  setting = await createSetting();
});
afterAll(async () => {
  expect(await setting.wrong()).toEqual([]);
  await setting.close();
});

async function pays(tenant: string) {
  const invoice = await setting.invoice(tenant);
  const order = await setting.order(invoice.id);
  return { id: invoice.id as string, payment: setting.razorpay.pay(order.order_id) };
}
/** Somebody gives money back in the dashboard: without a receipt. */
async function inDashboard(payment: Json, amount: number): Promise<Json> {
  const answer = await fetch(`${setting.razorpay.url}/payments/${String(payment.id)}/refund`, {
    method: "POST",
    headers: { authorization: `Basic ${Buffer.from(`${KEY_ID}:${KEY_SECRET}`).toString("base64")}`, "content-type": "application/json" },
    body: JSON.stringify({ amount, notes: [] }),
  });
  return (await answer.json()) as Json;
}
let told = 0;
const tell = async (type: string, entities: Record<string, Json>) => {
  const event = eventOf(type, entities);
  const id = `back-${told++}`;
  for (let times = 0; times < 2; times++) await setting.deliver(event, id);
  await setting.dispatch();
  return setting.inbound(id);
};
const now = (id: string) => setting.world.must("GET", `/v1/invoices/${id}`);
const notes = async (id: string) => (await setting.world.must("GET", `/v1/invoices/${id}/credit-notes`)).items;

test("a refund of the dashboard becomes a credit note, once, though it was told of before the payment", async () => {
  const { id, payment } = await pays("early");
  const refund = await inDashboard(payment, 20_000);
  for (const type of ["refund.processed", "refund.created", "refund.speed_changed"])
    expect(await tell(type, { refund, payment })).toMatchObject({ state: "done" });
  await tell("payment.captured", { payment });
  expect(await notes(id)).toMatchObject([{ total: 20_000, refunded: 20_000, refunds: [{ amount: 20_000, status: "succeeded" }] }]);
  expect(await now(id)).toMatchObject({ status: "paid", amount_paid: 50_000, amount_refunded: 20_000 });
});

test("beside one of ours, none is doubled", async () => {
  const { id, payment } = await pays("both");
  await tell("payment.captured", { payment });
  await setting.world.must("POST", `/v1/invoices/${id}/refunds`, { amount: 10_000 });
  await refundDue(setting.world.billing.ctx);
  const theirs = await inDashboard(payment, 5_000);
  const all = [...setting.razorpay.refunds.values()].filter((one) => one.payment_id === payment.id);
  for (const refund of [...all, theirs].reverse()) await tell("refund.processed", { refund, payment });
  expect((await notes(id)).map((note: Json) => note.total).sort()).toEqual([10_000, 5_000]);
  expect(await now(id)).toMatchObject({ amount_refunded: 15_000 });
});

test("a lost dispute makes the invoice owed again; one that was closed with nothing deducted does not", async () => {
  for (const [tenant, type, status, deducted, expected] of [
    ["lost", "payment.dispute.lost", "lost", 50_000, { status: "open", amount_due: 50_000 }],
    ["closed", "payment.dispute.closed", "closed", 0, { status: "paid", amount_due: 0 }],
    ["taken", "payment.dispute.closed", "closed", 50_000, { status: "open", amount_due: 50_000 }],
  ] as const) {
    const { id, payment } = await pays(tenant);
    const dispute = { id: `disp_${tenant}`, entity: "dispute", payment_id: payment.id, amount: 50_000, currency: "INR" };
    const more = { reason_code: "fraud", phase: "chargeback" };
    await tell(type, { payment, dispute: { ...dispute, ...more, status, amount_deducted: deducted } });
    // What is older comes late, and the payment itself last of all.
    await tell("payment.dispute.created", { payment, dispute: { ...dispute, ...more, status: "open", amount_deducted: 0 } });
    await tell("payment.captured", { payment });
    expect(await now(id)).toMatchObject(expected);
    expect((await setting.payments(tenant))[0].dispute).toBe(expected.status === "open" ? "lost" : "won");
  }
});

test("of payments that nobody here asked for: ignored", async () => {
  const refund = { id: "rfnd_x", entity: "refund", amount: 5, currency: "INR", payment_id: "pay_x", status: "processed", receipt: null };
  expect(await tell("refund.processed", { refund })).toMatchObject({ state: "ignored", last_error: "The payment was not asked for here." });
});
