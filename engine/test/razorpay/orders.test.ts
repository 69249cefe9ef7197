/** Orders and refunds as Razorpay sees them: every request checked, and what becomes of those that get no answer. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { refundDue } from "../../src/billing/payments/give-back.ts";
import { KEY_ID, KEY_SECRET } from "./server.ts";
import { createSetting, eventOf, type Setting } from "./setting.ts";

let setting: Setting;
beforeAll(async () => {
  setting = await createSetting();
});
afterAll(() => setting.close());
afterEach(async () => {
  setting.razorpay.requests.length = 0;
  expect(await setting.wrong()).toEqual([]);
});

const url = (id: string) => `/v1/invoices/${id}/razorpay-order`;
const sent = (method: string, path: RegExp) => setting.razorpay.requests.filter((one) => one.method === method && path.test(one.path));
/** An order that got no answer is sent again after a minute at the earliest. */
const aMinuteLater = () =>
  setting.world.owner.query("update payment_orders set sent_at = sent_at - interval '2 minutes' where status = 'requested'");

test("an order is over exactly what is due, and says whose it is", async () => {
  const invoice = await setting.invoice("exact", 123_456);
  const order = await setting.order(invoice.id);
  const [asked, ...more] = setting.razorpay.requests;
  expect(more).toEqual([]);
  expect(order).toEqual({
    order_id: [...setting.razorpay.orders.keys()].at(-1),
    amount: 123_456,
    currency: "inr",
    key_id: KEY_ID,
    invoice: invoice.id,
  });
  expect([asked!.method, asked!.path]).toEqual(["POST", "/v1/orders"]);
  expect(asked!.headers.authorization).toBe(`Basic ${Buffer.from(`${KEY_ID}:${KEY_SECRET}`).toString("base64")}`);
  expect(asked!.headers["content-type"]).toBe("application/json");
  expect(asked!.body).toEqual({
    amount: 123_456,
    currency: "INR",
    receipt: invoice.id,
    notes: { tenant: "exact", invoice: invoice.id, invoice_number: invoice.number },
    payment: {
      capture: "automatic",
      capture_options: { automatic_expiry_period: 7_200, manual_expiry_period: 7_200, refund_speed: "normal" },
    },
  });
});

test("the same amount again is the same order, also for many who ask at once; another amount is another", async () => {
  const invoice = await setting.invoice("again", 60_000);
  const answers = await Promise.all(Array.from({ length: 8 }, () => setting.order(invoice.id)));
  expect(new Set(answers.map(({ order_id }) => order_id)).size).toBe(1);
  expect(sent("POST", /orders$/)).toHaveLength(1);
  await setting.world.must("POST", `/v1/invoices/${invoice.id}/credit-notes`, { amount: 10_000, settle: "offset" });
  const less = await setting.order(invoice.id);
  expect([less.amount, less.order_id === answers[0].order_id]).toEqual([50_000, false]);
  expect(sent("POST", /orders$/).map(({ body }) => [body!.amount, body!.receipt])).toEqual([
    [60_000, invoice.id],
    [50_000, `${invoice.id}-2`],
  ]);
});

test("there is nothing to pay on a draft, on what is paid, and on another tenant's", async () => {
  const { world } = setting;
  await setting.invoice("states");
  const draft = await world.must("POST", "/v1/tenants/states/invoice-items", { description: "d", amount: 500, invoice: "draft" });
  const zero = await world.must("POST", "/v1/tenants/states/invoice-items", { description: "z", amount: 0, invoice: "own" });
  for (const [id, state] of [
    [draft.invoice_id, "draft"],
    [zero.invoice_id, "paid"],
  ]) {
    const answer = await world.post(url(id));
    expect([answer.status, answer.body.code, answer.body.state]).toEqual([409, "invalid_state", state]);
  }
  await world.must("PUT", "/v1/tenants/other", { currency: "inr" });
  const key = await world.must("POST", "/v1/api-keys", { name: "k", scopes: ["billing.write"], tenant_id: "other" });
  const own = await setting.invoice("states");
  const answer = await world.post(url(own.id), undefined, { authorization: `Bearer ${key.secret}` });
  expect([answer.status, answer.body.code]).toEqual([404, "not_found"]);
  expect(setting.razorpay.requests).toEqual([]);
});

test("who is billed may make the order of an own invoice", async () => {
  const { world } = setting;
  const invoice = await setting.invoice("payer");
  const key = await world.must("POST", "/v1/api-keys", { name: "k", scopes: ["billing.write"], tenant_id: "payer" });
  const answer = await world.post(url(invoice.id), undefined, { authorization: `Bearer ${key.secret}`, "idempotency-key": "once" });
  const again = await world.post(url(invoice.id), undefined, { authorization: `Bearer ${key.secret}`, "idempotency-key": "once" });
  expect([answer.status, again.status, again.body.order_id]).toEqual([200, 200, answer.body.order_id]);
});

describe("lesson 32: a call that got no answer makes no second order", () => {
  test.each(["lost", "slow", "odd", "down", "busy"] as const)("%s", async (fault) => {
    const invoice = await setting.invoice(`fault-${fault}`);
    setting.razorpay.fail("POST", /orders$/, fault);
    const first = await setting.world.post(url(invoice.id));
    expect([first.status, first.body.code]).toEqual([503, "gateway_unavailable"]);
    const made = () => [...setting.razorpay.orders.values()].filter(({ receipt }) => receipt === invoice.id);
    const there = fault === "lost" || fault === "slow";
    expect(made()).toHaveLength(there ? 1 : 0);
    // It is looked for at once, and not sent again while the first may still be on its way.
    const second = await setting.world.post(url(invoice.id));
    expect(second.status).toBe(there ? 200 : 503);
    expect(sent("POST", /orders$/)).toHaveLength(1);
    expect(sent("GET", /orders$/).at(-1)!.query).toEqual({ receipt: invoice.id, count: "100" });
    await aMinuteLater();
    const third = await setting.order(invoice.id);
    expect(made().map(({ id }) => id)).toEqual([third.order_id]);
    expect(sent("POST", /orders$/)).toHaveLength(there ? 1 : 2);
  });

  test("asked in vain it stays unknown, and is still not sent again", async () => {
    const invoice = await setting.invoice("blind");
    setting.razorpay.fail("POST", /orders$/, "lost");
    setting.razorpay.fail("GET", /orders$/, "down", "slow");
    for (let i = 0; i < 3; i++) expect((await setting.world.post(url(invoice.id))).status).toBe(503);
    await setting.order(invoice.id);
    expect(sent("POST", /orders$/)).toHaveLength(1);
  });
});

test("a refusal is told with Razorpay's own words, and does not stand in the way", async () => {
  const invoice = await setting.invoice("small", 50);
  const answer = await setting.world.post(url(invoice.id));
  expect([answer.status, answer.body.code, answer.body.gateway_code, answer.body.detail]).toEqual([
    502,
    "gateway_error",
    "input_validation_failed",
    "The amount must be at least INR 1.00",
  ]);
  expect((await setting.world.post(url(invoice.id))).status).toBe(502);
  expect(sent("POST", /orders$/).map(({ body }) => body!.receipt)).toEqual([invoice.id, `${invoice.id}-2`]);
});

test("without Razorpay the route says that it is not configured; wrong keys are no refusal of the order", async () => {
  const wrong = await createSetting({ razorpay: { keyId: KEY_ID, keySecret: "wrong", apiUrl: setting.razorpay.url, timeoutMs: 400 } });
  const none = await createSetting({ razorpay: null });
  try {
    const answers = [];
    for (const one of [wrong, none]) answers.push(await one.world.post(url((await one.invoice("t")).id)));
    expect(answers.map(({ status, body }) => [status, body.code])).toEqual([
      [503, "gateway_unavailable"],
      [503, "gateway_unavailable"],
    ]);
    expect(answers[1]!.body.detail).toBe("Razorpay is not configured on this engine.");
  } finally {
    await wrong.close();
    await none.close();
  }
});

describe("refunds", () => {
  async function paid(tenant: string) {
    const invoice = await setting.invoice(tenant, 90_000);
    const order = await setting.order(invoice.id);
    const payment = setting.razorpay.pay(order.order_id);
    await setting.deliver(eventOf("payment.captured", { payment }), `${tenant}-paid`);
    await setting.dispatch();
    expect((await setting.world.must("GET", `/v1/invoices/${invoice.id}`)).status).toBe("paid");
    return { invoice, payment };
  }
  const ofPayment = (id: unknown) => [...setting.razorpay.refunds.values()].filter(({ payment_id }) => payment_id === id);
  const statuses = async (tenant: string) =>
    (await setting.world.owner.query("select status from refunds where tenant_id = $1", [tenant])).rows.map(({ status }) => status);

  test("a part goes back by the payment's reference, under the refund's own key", async () => {
    const { invoice, payment } = await paid("back");
    await setting.world.must("POST", `/v1/invoices/${invoice.id}/refunds`, { amount: 20_000 });
    await refundDue(setting.world.billing.ctx);
    const [asked] = sent("POST", /refund$/);
    const id = asked!.headers["x-refund-idempotency"] as string;
    expect([asked!.path, asked!.body]).toEqual([
      `/v1/payments/${payment.id}/refund`,
      { amount: 20_000, speed: "normal", receipt: id, notes: { refund: id } },
    ]);
    expect(id).toMatch(/^refund_[0-9a-z]{26}$/);
    expect(await statuses("back")).toEqual(["succeeded"]);
    expect(await setting.timeline("back")).toContain("razorpay payment.refunded");
  });

  test.each(["lost", "slow", "down"] as const)("lesson 32: one that got no answer (%s) goes back once", async (fault) => {
    const { invoice, payment } = await paid(`back-${fault}`);
    setting.razorpay.fail("POST", /refund$/, fault);
    await setting.world.must("POST", `/v1/invoices/${invoice.id}/refunds`, { amount: 30_000 });
    await refundDue(setting.world.billing.ctx);
    expect(await statuses(`back-${fault}`)).toEqual(["unknown"]);
    await setting.world.owner.query("update refunds set claimed_until = null where status = 'unknown'");
    await refundDue(setting.world.billing.ctx);
    expect(await statuses(`back-${fault}`)).toEqual(["succeeded"]);
    expect(ofPayment(payment.id).map(({ amount }) => amount)).toEqual([30_000]);
  });

  test("its webhook settles one whose answer was lost, whatever the order, and twice is once", async () => {
    const { invoice, payment } = await paid("back-hook");
    setting.razorpay.fail("POST", /refund$/, "lost");
    await setting.world.must("POST", `/v1/invoices/${invoice.id}/refunds`, { amount: 30_000 });
    await refundDue(setting.world.billing.ctx);
    const [refund] = ofPayment(payment.id);
    for (const id of ["refund-1", "refund-2", "refund-1"])
      await setting.deliver(eventOf("refund.processed", { refund: refund!, payment }), id);
    await setting.dispatch();
    expect(await statuses("back-hook")).toEqual(["succeeded"]);
    expect((await setting.timeline("back-hook")).filter((line) => line.endsWith("payment.refunded"))).toHaveLength(1);
    const other = { ...refund!, amount: 1 };
    await setting.deliver(eventOf("refund.processed", { refund: other, payment }), "refund-odd");
    await setting.dispatch();
    expect(await setting.inbound("refund-odd")).toMatchObject({
      state: "failed",
      last_error: expect.stringContaining("30000 inr, but 1 inr"),
    });
  });

  test("one that failed becomes balance", async () => {
    const { invoice, payment } = await paid("back-fails");
    setting.razorpay.fail("POST", /refund$/, "lost");
    await setting.world.must("POST", `/v1/invoices/${invoice.id}/refunds`, { amount: 30_000 });
    await refundDue(setting.world.billing.ctx);
    const refund = { ...ofPayment(payment.id)[0]!, status: "failed" };
    await setting.deliver(eventOf("refund.failed", { refund, payment }), "refund-failed");
    await setting.dispatch();
    expect(await statuses("back-fails")).toEqual(["failed"]);
    const { rows } = await setting.world.owner.query("select kind, amount from balance_entries where invoice_id = $1", [invoice.id]);
    expect(rows).toEqual([{ kind: "refund_failed", amount: 30_000n }]);
  });
});

test("without a payer Razorpay charges nothing, and says why", async () => {
  const gateway = setting.world.billing.ctx.gateways.get("razorpay");
  const request = {
    idempotencyKey: "pay_x",
    tenantId: "t",
    customer: null,
    invoiceId: "i",
    invoiceNumber: null,
    amountMinor: 1n,
    currency: "inr",
    method: null,
  };
  expect(await gateway.charge(request)).toMatchObject({ status: "failed", code: "payer_needed" });
  expect(await gateway.find("pay_x", { reference: null, customer: null, sentAt: null })).toBeNull();
  expect(setting.razorpay.requests).toEqual([]);
});
