/** A tenant at Stripe: known there once, charged by its own card, told by webhooks in any order; and what happens where no answer comes. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { askAboutPayments } from "../../src/billing/payments/ask-payments.ts";
import { ensureCustomer } from "../../src/billing/payments/ensure-customer.ts";
import { refundDue } from "../../src/billing/payments/give-back.ts";
import { tellAbout } from "../../src/billing/payments/tell-about.ts";
import { succeed } from "./resources/payment-intents.ts";
import { CARDS, newMethod } from "./resources/payment-methods.ts";
import type { Json } from "./server.ts";
import { createSetting, type Setting } from "./setting.ts";

let setting: Setting;
beforeAll(async () => {
  setting = await createSetting();
});
afterAll(async () => {
  expect(setting.stripe.objections).toEqual([]);
  expect(await setting.wrong()).toEqual([]);
  await setting.close();
});

const customersOf = (tenant: string) => setting.stripe.all("customer").filter((one) => (one.metadata as Json).billwright_tenant === tenant);
const intentsOf = (customer: string) => setting.stripe.all("payment_intent").filter((one) => one.customer === customer);
const methods = async (tenant: string) => (await setting.world.must("GET", `/v1/tenants/${tenant}/payment-methods`)).items;

describe("lesson 8: a tenant is one customer", () => {
  test("however many ask at once, and whatever becomes of the answers", async () => {
    const { world, stripe } = setting;
    await world.must("PUT", "/v1/tenants/once", { name: "Once", email: "once@example.com" });
    stripe.fail("POST", /customers$/, "down", "muffled");
    const ask = () => world.post("/v1/tenants/once/customers", { gateway: "stripe" });
    const answers = await Promise.all([ask(), ask(), ask(), ask()]);
    expect(answers.map((answer) => answer.status).filter((status) => status !== 200 && status !== 503)).toEqual([]);
    const last = await ask();
    expect([last.status, customersOf("once").length, customersOf("once")[0]!.id]).toEqual([200, 1, last.body.reference]);
    expect(customersOf("once")[0]).toMatchObject({ name: "Once", email: "once@example.com" });
    // It is never searched for.
    expect(stripe.requests.filter((request) => /search/.test(request.path))).toEqual([]);
  });

  test("what changes is told, what does not is not", async () => {
    const { world, stripe } = setting;
    const before = stripe.writes(/customers\/cus/).length;
    await world.must("PUT", "/v1/tenants/once", { name: "Twice", address: { line1: "1 Road", city: "Pune", country: "IN" } });
    const jobs = await world.owner.query(
      "select payload from graphile_worker._private_jobs j join graphile_worker._private_tasks t on t.id = j.task_id where t.identifier = 'tell-gateways'",
    );
    expect(jobs.rows).toEqual([{ payload: { tenant: "once" } }]);
    for (const _ of [1, 2]) await tellAbout(world.billing.ctx, "once");
    await world.must("POST", "/v1/tenants/once/customers", { gateway: "stripe" });
    expect(stripe.writes(/customers\/cus/).length - before).toBe(1);
    expect(customersOf("once")[0]).toMatchObject({ name: "Twice", address: { line1: "1 Road", city: "Pune", country: "IN" } });
  });

  test("one that is erased is nobody there either", async () => {
    const { world } = setting;
    await world.must("PUT", "/v1/tenants/leaver", { name: "Leaver", email: "leaver@example.com" });
    await world.must("POST", "/v1/tenants/leaver/customers", { gateway: "stripe" });
    await world.must("DELETE", "/v1/tenants/leaver");
    await tellAbout(world.billing.ctx, "leaver");
    expect(customersOf("leaver")[0]).toMatchObject({ name: "", email: "", address: "" });
  });

  test("an answer that was lost for longer than its key is kept is found in what was made since", async () => {
    const { world, stripe } = setting;
    await world.must("PUT", "/v1/tenants/late", { name: "Late" });
    stripe.fail("POST", /customers$/, "muffled");
    expect((await world.post("/v1/tenants/late/customers", { gateway: "stripe" })).status).toBe(503);
    await world.owner.query("update gateway_customers set created_at = created_at - interval '2 days' where tenant_id = 'late'");
    customersOf("late")[0]!.created = stripe.now - 2 * 86_400;
    const row = await ensureCustomer(world.billing.ctx, { tenantId: "late", gateway: "stripe" });
    expect([customersOf("late").length, row.reference]).toEqual([1, customersOf("late")[0]!.id]);
  });

  test("one that Stripe has already is taken over, by one tenant only, and only where it is there", async () => {
    const { world, stripe } = setting;
    const old = stripe.put({ id: "cus_from_before", object: "customer", metadata: {}, invoice_settings: {} });
    await world.must("PUT", "/v1/tenants/mover", { name: "Mover" });
    const adopt = (tenant: string, customer: string) => world.post(`/v1/tenants/${tenant}/customers`, { gateway: "stripe", customer });
    expect((await adopt("mover", "cus_nobody")).body.errors[0].path).toBe("customer");
    expect((await adopt("mover", "cus_from_before")).body.reference).toBe(old.id);
    expect((await adopt("late", "cus_from_before")).status).toBe(409);
    await world.must("PUT", "/v1/tenants/thief", {});
    expect((await adopt("thief", "cus_from_before")).status).toBe(409);
    expect((await world.post("/v1/tenants/thief/customers", { gateway: "razorpay" })).status).toBe(422);
  });
});

describe("payment methods", () => {
  test("a page leaves one by the client secret; the webhook brings it, once, as the default", async () => {
    await setting.payer("methods");
    const [card, ...more] = await methods("methods");
    expect([card, more]).toMatchObject([{ gateway: "stripe", brand: "visa", last4: "4242", exp_year: 2031, default: true }, []]);
  });

  test("the newest is the default, though they are told of in another order; a chosen one stays chosen", async () => {
    const { stripe, world } = setting;
    const customer = customersOf("methods")[0]!.id as string;
    stripe.now += 10;
    newMethod(stripe, CARDS.pm_card_mastercard!, customer);
    stripe.now += 10;
    newMethod(stripe, CARDS.pm_card_visa!, customer);
    await setting.tell((events) => events.reverse());
    const rows = await methods("methods");
    expect(rows.filter((one: Json) => one.default)).toMatchObject([{ brand: "visa" }]);
    const older = rows.find((one: Json) => one.brand === "mastercard");
    await world.must("POST", `/v1/tenants/methods/payment-methods/${older.id}/default`);
    expect((stripe.objects.get(customer)!.invoice_settings as Json).default_payment_method).toMatch(/^pm_/);
    await setting.tell();
    expect((await methods("methods")).filter((one: Json) => one.default)).toMatchObject([{ brand: "mastercard" }]);
  });

  test("one that is detached is detached there, and the other way", async () => {
    const { stripe, world } = setting;
    const [first] = await methods("methods");
    await world.must("DELETE", `/v1/tenants/methods/payment-methods/${first.id}`);
    const free = stripe.all("payment_method").filter((one) => one.customer === null);
    expect(free).toHaveLength(1);
    await setting.tell();
    const there = stripe.all("payment_method").find((one) => one.customer === customersOf("methods")[0]!.id)!;
    there.customer = null;
    stripe.emit("payment_method.detached", there, { customer: customersOf("methods")[0]!.id });
    const before = (await methods("methods")).length;
    await setting.tell();
    expect((await methods("methods")).length).toBe(before - 1);
  });

  test("a person who is faster than the webhook has the list refreshed", async () => {
    const { stripe, world } = setting;
    newMethod(stripe, CARDS.pm_card_visa!, customersOf("methods")[0]!.id as string);
    const before = (await methods("methods")).length;
    const after = (await world.must("GET", "/v1/tenants/methods/payment-methods?refresh=true")).items.length;
    expect(after).toBe(before + 1);
    await setting.tell();
    expect((await methods("methods")).length).toBe(after);
  });

  test("a customer that is deleted there has no methods here; the next is another one", async () => {
    const { stripe, world } = setting;
    const customer = customersOf("methods")[0]!;
    stripe.objects.set(customer.id as string, { id: customer.id, object: "customer", deleted: true });
    stripe.emit("customer.deleted", { id: customer.id, object: "customer", deleted: true });
    await setting.tell();
    expect(await methods("methods")).toEqual([]);
    const next = await world.must("POST", "/v1/tenants/methods/customers", { gateway: "stripe" });
    expect(next.reference).not.toBe(customer.id);
    await setting.tell();
  });

  test("Stripe's portal opens for whoever may change methods", async () => {
    const { world } = setting;
    const mine = await world.must("POST", "/v1/tenants/methods/portal", { return_url: "https://app.example/billing" });
    expect(mine.url).toMatch(/^https:\/\/billing\.stripe\.com\/p\/session\//);
    expect(setting.stripe.all("billing_portal.session")[0]).toMatchObject({ return_url: "https://app.example/billing" });
    for (const body of [{ role: "viewer" }, { page: "own" }])
      expect((await world.must("POST", "/v1/tenants/methods/portal", body)).url).toContain("/portal#token=");
  });
});

describe("charges", () => {
  test("are Stripe's payment intents, one for an attempt, under its key; the webhooks change nothing that is known", async () => {
    const customer = await setting.payer("payer");
    const bill = await setting.bill("payer", 4_200);
    await setting.collect();
    const [payment] = await setting.payments("payer");
    expect(payment).toMatchObject({ status: "succeeded", gateway: "stripe", amount_received: 4_200, invoice_id: bill.id });
    expect(intentsOf(customer)).toMatchObject([
      { id: payment.gateway_reference, amount: 4_200, metadata: { billwright_payment: payment.id } },
    ]);
    expect(setting.stripe.writes(/payment_intents$/).at(-1)!.idempotencyKey).toBe(payment.id);
    expect((await setting.invoice(bill.id)).status).toBe("paid");
    const before = await setting.timeline("payer");
    expect(await setting.tell()).toEqual(expect.arrayContaining(["charge.succeeded", "payment_intent.succeeded"]));
    expect(await setting.timeline("payer")).toEqual(before);
  });

  test("a declined card is told by the bank's own code and words", async () => {
    await setting.payer("broke", "pm_card_chargeDeclinedInsufficientFunds");
    const bill = await setting.bill("broke");
    await setting.collect();
    expect((await setting.payments("broke"))[0]).toMatchObject({
      status: "failed",
      code: "insufficient_funds",
      reason: "Your card has insufficient funds.",
    });
    const paid = await setting.world.post(`/v1/invoices/${bill.id}/pay`);
    expect([paid.status, paid.body.code, paid.body.gateway_code]).toEqual([402, "payment_failed", "insufficient_funds"]);
    await setting.tell();
  });

  test("lesson 32: no answer is asked about, by what is known of it, and never charged again", async () => {
    const customer = await setting.payer("unheard");
    const bill = await setting.bill("unheard");
    setting.stripe.fail("POST", /payment_intents$/, "muffled");
    await setting.collect();
    expect((await setting.payments("unheard"))[0]).toMatchObject({ status: "unknown" });
    setting.lose();
    await setting.hurry();
    await setting.collect();
    const [payment, ...more] = await setting.payments("unheard");
    expect([payment.status, more, intentsOf(customer).length, (await setting.invoice(bill.id)).status]).toEqual([
      "succeeded",
      [],
      1,
      "paid",
    ]);
  });

  test("lesson 32: what never arrived is called failed, and the next attempt has a key of its own", async () => {
    const customer = await setting.payer("unsent");
    const bill = await setting.bill("unsent");
    setting.stripe.fail("POST", /payment_intents$/, "down");
    await setting.collect();
    await setting.hurry();
    await setting.collect();
    expect((await setting.payments("unsent"))[0]).toMatchObject({ status: "failed", code: "not_received" });
    expect((await setting.world.post(`/v1/invoices/${bill.id}/pay`)).status).toBe(200);
    expect(intentsOf(customer)).toHaveLength(1);
    await setting.tell();
  });

  test("money that comes after all is counted, though the attempt was called failed", async () => {
    const customer = await setting.payer("after", "pm_card_chargeDeclined");
    const bill = await setting.bill("after");
    await setting.collect();
    const [intent] = intentsOf(customer);
    // The person has another card, and confirms the same intent with it.
    succeed(setting.stripe, intent as Json & { id: string });
    await setting.tell((events) => events.reverse());
    expect([(await setting.payments("after"))[0].status, (await setting.invoice(bill.id)).status]).toEqual(["succeeded", "paid"]);
  });

  test("what the bank wants the person for waits, is found by the poller, and is given up there first after a day", async () => {
    const customer = await setting.payer("absent", "pm_card_authenticationRequired");
    const bill = await setting.bill("absent");
    await setting.collect();
    expect((await setting.payments("absent"))[0]).toMatchObject({ status: "requires_action" });
    await setting.hurry();
    await askAboutPayments(setting.world.billing.ctx);
    expect(intentsOf(customer)[0]).toMatchObject({ status: "requires_payment_method" });
    await setting.world.owner.query("update payments set sent_at = sent_at - interval '1 day' where tenant_id = 'absent'");
    await setting.hurry();
    await askAboutPayments(setting.world.billing.ctx);
    expect(intentsOf(customer)[0]).toMatchObject({ status: "canceled" });
    expect((await setting.payments("absent"))[0]).toMatchObject({ status: "failed", code: "authentication_required" });
    expect((await setting.invoice(bill.id)).status).toBe("open");
    await setting.tell();
  });

  test("what is on its way is pending, and settles when Stripe says so", async () => {
    const customer = await setting.payer("bank", "pm_usBankAccount_processing");
    const bill = await setting.bill("bank");
    await setting.collect();
    expect((await setting.payments("bank"))[0]).toMatchObject({ status: "pending" });
    succeed(setting.stripe, intentsOf(customer)[0] as Json & { id: string });
    await setting.tell((events) => [...events, ...events].reverse());
    expect([(await setting.payments("bank")).length, (await setting.invoice(bill.id)).status]).toEqual([1, "paid"]);
  });

  test("money of another currency settles nothing; less of the same is a part", async () => {
    for (const [tenant, over, status, due] of [
      ["euro", { currency: "eur" }, "failed", 4_200],
      ["less", { amount: 4_000, amount_received: 4_000 }, "succeeded", 200],
    ] as const) {
      const customer = await setting.payer(tenant, "pm_usBankAccount_processing");
      const bill = await setting.bill(tenant);
      await setting.collect();
      const intent = Object.assign(intentsOf(customer)[0]! as Json & { id: string }, over);
      succeed(setting.stripe, intent);
      await setting.tell();
      expect([(await setting.payments(tenant))[0].status, (await setting.invoice(bill.id)).amount_due]).toEqual([status, due]);
    }
  });

  test("without a method nothing is sent", async () => {
    const { world, stripe } = setting;
    await world.must("PUT", "/v1/tenants/bare", { currency: "usd" });
    await world.must("PUT", "/v1/plans/plain", {
      name: "Plain",
      currency: "usd",
      interval: "month",
      prices: [{ key: "base", type: "flat", amount: 900 }],
    });
    await world.must("POST", "/v1/tenants/bare/subscription", { plan: "plain", gateway: "stripe" });
    const before = stripe.requests.length;
    await setting.collect();
    expect((await setting.payments("bare"))[0]).toMatchObject({ status: "failed", code: "no_payment_method" });
    expect(stripe.requests.length).toBe(before);
  });
});

describe("refunds and disputes", () => {
  test("money goes back once, by the refund's key, also where no answer came", async () => {
    const { world, stripe } = setting;
    const bill = await paid("back");
    await setting.tell();
    stripe.fail("POST", /refunds$/, "muffled");
    await world.must("POST", `/v1/invoices/${bill.id}/refunds`, { amount: 1_000 });
    await refundDue(world.billing.ctx);
    await setting.hurry();
    await refundDue(world.billing.ctx);
    await setting.tell((events) => [...events, ...events]);
    expect(stripe.all("refund")).toMatchObject([{ amount: 1_000, status: "succeeded" }]);
    expect((await setting.timeline("back")).filter((event) => event.endsWith("payment.refunded"))).toHaveLength(1);
  });

  test("a bank that sends the money back makes it the tenant's balance", async () => {
    const { stripe } = setting;
    const refund = stripe.all("refund")[0]!;
    refund.status = "failed";
    refund.failure_reason = "expired_or_canceled_card";
    stripe.emit("refund.failed", refund);
    await setting.tell();
    expect((await setting.timeline("back")).at(-1)).toBe("stripe payment.refund_failed");
  });

  test("a dispute is seen on the payment, in whatever order it is told of", async () => {
    const { stripe } = setting;
    await paid("claim");
    const [payment] = await setting.payments("claim");
    const dispute = {
      id: "dp_1",
      object: "dispute",
      amount: 4_200,
      currency: "usd",
      charge: "ch_1",
      payment_intent: payment.gateway_reference,
    };
    for (const [type, status] of [
      ["created", "needs_response"],
      ["funds_withdrawn", "needs_response"],
      ["updated", "under_review"],
      ["closed", "lost"],
    ])
      stripe.emit(`charge.dispute.${type}`, { ...dispute, reason: "fraudulent", status });
    await setting.tell((events) => [events.at(-3)!, events.at(-1)!, ...events]);
    expect((await setting.payments("claim"))[0]).toMatchObject({ status: "succeeded", dispute: "lost" });
    const { items } = await setting.world.must("GET", "/v1/tenants/claim/events?type=payment.disputed");
    expect(items[0]).toMatchObject({ source: "stripe", data: { status: "lost", reason: "fraudulent", amount: 4_200 } });
    expect(items.length).toBeLessThan(4);
  });

  async function paid(tenant: string) {
    await setting.payer(tenant);
    const bill = await setting.bill(tenant);
    await setting.collect();
    return bill;
  }
});
