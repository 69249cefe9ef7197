/** Money that goes back without being asked for here: refunds made in Stripe's dashboard, and disputes. Each once, in any order. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { retryDue } from "../../src/billing/invoices/retry.ts";
import { refundDue } from "../../src/billing/payments/give-back.ts";
import { completeSession } from "./resources/checkout-sessions.ts";
import { moveDispute, openDispute } from "./resources/disputes.ts";
import { CARDS } from "./resources/payment-methods.ts";
import type { Json } from "./server.ts";
import { createSetting, type Setting } from "./setting.ts";

let setting: Setting;
beforeAll(async () => {
  setting = await createSetting();
  await setting.world.must("PUT", "/v1/plans/studio", {
    name: "Studio",
    currency: "usd",
    interval: "month",
    prices: [{ key: "base", type: "flat", amount: 1_900 }],
    credits: { amount: 100 },
  });
  await setting.world.must("PUT", "/v1/credit-products/pack", { name: "Pack", credits: 500, amount: 5_000, currency: "usd" });
});
afterAll(async () => {
  expect(setting.stripe.objections).toEqual([]);
  expect(await setting.wrong()).toEqual([]);
  await setting.close();
});

let asked = 0;
/** Somebody gives money back in the dashboard. */
async function inDashboard(intent: unknown, amount?: number): Promise<void> {
  const answer = await fetch(`${setting.stripe.url}/v1/refunds`, {
    method: "POST",
    headers: {
      authorization: "Bearer sk_test_loopback",
      "stripe-version": "2026-10-28.endive",
      "idempotency-key": `dashboard-${asked++}`,
    },
    body: new URLSearchParams({ payment_intent: String(intent), ...(amount === undefined ? {} : { amount: String(amount) }) }),
  });
  expect(answer.status).toBe(200);
}
async function paid(tenant: string, amount = 4_200) {
  await setting.payer(tenant);
  const { id } = await setting.bill(tenant, amount);
  await setting.collect();
  await setting.tell();
  const [payment] = await setting.payments(tenant);
  return { id, payment: payment.id as string, intent: payment.gateway_reference as string };
}
const notes = async (id: string) => (await setting.world.must("GET", `/v1/invoices/${id}/credit-notes`)).items;
const balance = async (tenant: string) =>
  (await setting.world.owner.query("select coalesce(sum(amount), 0)::int as n from balance_entries where tenant_id = $1", [tenant])).rows[0]
    .n;
const charge = (intent: string): Json => setting.stripe.all("charge").find((one) => one.payment_intent === intent && one.paid === true)!;
const thrice = (events: Json[]) => [...events, ...events, ...events].reverse();
const count = async (tenant: string, type: string) => (await setting.timeline(tenant)).filter((one) => one.endsWith(type)).length;

describe("refunds of the dashboard", () => {
  test("become a credit note and its refund, once however often they are told of, part by part", async () => {
    const { id, payment, intent } = await paid("part");
    await inDashboard(intent, 1_000);
    await setting.tell(thrice);
    const [note] = await notes(id);
    expect(note).toMatchObject({ total: 1_000, refunded: 1_000, to_balance: 0, reason: "Refunded at stripe" });
    expect(note.refunds).toMatchObject([{ payment, amount: 1_000, status: "succeeded", gateway: "stripe" }]);
    await inDashboard(intent);
    await setting.tell(thrice);
    expect((await notes(id)).map((one: Json) => one.total)).toEqual([3_200, 1_000]);
    expect(await setting.invoice(id)).toMatchObject({ status: "paid", amount_paid: 4_200, amount_due: 0, amount_refunded: 4_200 });
    expect([await count("part", "payment.refunded"), await count("part", "invoice.credited")]).toEqual([2, 2]);
  });

  test("beside one of ours, whichever is told of first, none is doubled", async () => {
    const { world, stripe } = setting;
    const { id, intent } = await paid("both");
    await world.must("POST", `/v1/invoices/${id}/refunds`, { amount: 500 });
    await inDashboard(intent, 700);
    await refundDue(world.billing.ctx);
    await setting.tell(thrice);
    expect((await notes(id)).map((one: Json) => one.total).sort()).toEqual([500, 700]);
    expect(stripe.all("refund").filter((one) => one.payment_intent === intent)).toHaveLength(2);
    expect([await count("both", "payment.refunded"), await setting.invoice(id)]).toMatchObject([2, { amount_refunded: 1_200 }]);
  });

  test("that take what one of ours was to take wait for its outcome, and the tenant has the money once", async () => {
    const { world } = setting;
    const { id, intent } = await paid("race");
    setting.stripe.fail("POST", /refunds$/, "down");
    await world.must("POST", `/v1/invoices/${id}/refunds`, {});
    await inDashboard(intent);
    await setting.tell();
    expect((await world.must("GET", "/v1/inbound-events?state=failed&type=refund.created")).items[0].last_error).toContain("on its way");
    // Stripe has nothing left to give back.
    await setting.hurry();
    await refundDue(world.billing.ctx);
    expect(await balance("race")).toBe(4_200);
    await setting.hurry();
    await setting.retry();
    expect([await balance("race"), await count("race", "payment.refunded"), (await notes(id)).length]).toEqual([0, 1, 1]);
    expect((await world.must("GET", "/v1/inbound-events?state=failed")).items).toEqual([]);
  });

  test("of more than the invoice has left come off the balance, and are there again should they fail", async () => {
    const { world, stripe } = setting;
    const { id, intent } = await paid("beyond");
    await world.must("POST", `/v1/invoices/${id}/credit-notes`, { amount: 1_200, settle: "balance" });
    expect(await balance("beyond")).toBe(1_200);
    await inDashboard(intent);
    await setting.tell(thrice);
    expect([await balance("beyond"), (await notes(id)).map((one: Json) => one.total).sort()]).toEqual([0, [1_200, 3_000]]);
    const refund = stripe.all("refund").find((one) => one.payment_intent === intent)!;
    stripe.emit("refund.failed", Object.assign(refund, { status: "failed", failure_reason: "lost_or_stolen_card" }));
    await setting.tell(thrice);
    expect(await balance("beyond")).toBe(4_200);
  });

  test("that are on their way are never sent by us, and are asked about by their name there", async () => {
    const { world, stripe } = setting;
    const { id, intent } = await paid("slow");
    await inDashboard(intent, 900);
    const refund = stripe.all("refund").find((one) => one.payment_intent === intent)!;
    refund.status = "pending";
    const told = stripe.events.find((event) => (event.data as { object: Json }).object.id === refund.id)!;
    (told.data as { object: Json }).object.status = "pending";
    await setting.tell();
    expect((await notes(id))[0].refunds).toMatchObject([{ amount: 900, status: "pending" }]);
    const writes = stripe.writes(/refunds/).length;
    await refundDue(world.billing.ctx);
    refund.status = "succeeded";
    await setting.hurry();
    await refundDue(world.billing.ctx);
    expect([(await notes(id))[0].refunds[0].status, stripe.writes(/refunds/).length - writes]).toEqual(["succeeded", 0]);
  });

  test("told of before the payment itself, on a page that nobody came back from: the payment is taken in first", async () => {
    const { world, stripe } = setting;
    await world.must("PUT", "/v1/tenants/early", { name: "early", email: "early@example.com", currency: "usd" });
    const urls = { success_url: "https://app.example/paid", cancel_url: "https://app.example/back", gateway: "stripe" };
    await world.must("POST", "/v1/tenants/early/credits/checkout", { product: "pack", ...urls });
    const session = stripe.all("checkout.session")[0]!;
    completeSession(stripe, String(session.id), CARDS.pm_card_visa!);
    await inDashboard(session.payment_intent, 2_500);
    await setting.tell((events) => events.reverse());
    expect(await setting.payments("early")).toMatchObject([{ status: "succeeded", amount: 5_000 }]);
    // Half of what was paid, half of what it bought.
    expect(await world.must("GET", "/v1/tenants/early/credits")).toMatchObject({ available: 250 });
    expect(await count("early", "payment.refunded")).toBe(1);
  });

  test("of payments that nobody here asked for are ignored, and say why", async () => {
    const { stripe } = setting;
    const refund = {
      id: "re_x",
      object: "refund",
      amount: 5,
      currency: "usd",
      charge: "ch_x",
      payment_intent: "pi_x",
      status: "succeeded",
    };
    stripe.emit("refund.created", { ...refund, metadata: {} });
    await setting.tell();
    const event = await setting.inbound(String(stripe.events.at(-1)!.id));
    expect(event).toMatchObject({ state: "ignored", last_error: "The payment was not asked for here. It is of no subscription." });
  });
});

describe("disputes", () => {
  test("lost: the invoice is owed again and nobody's card is charged; won after all: it is paid", async () => {
    const { stripe, world } = setting;
    const { id, intent } = await paid("lost");
    const dispute = openDispute(stripe, charge(intent));
    await setting.tell(thrice);
    expect([(await setting.payments("lost"))[0].dispute, await setting.invoice(id)]).toMatchObject(["needs_response", { status: "paid" }]);
    moveDispute(stripe, dispute, "under_review");
    moveDispute(stripe, dispute, "lost");
    await setting.tell(thrice);
    expect(await setting.invoice(id)).toMatchObject({ status: "open", amount_paid: 0, amount_due: 4_200, paid_at: null });
    expect([(await setting.payments("lost"))[0].dispute, await count("lost", "invoice.reopened")]).toEqual(["lost", 1]);
    const intents = stripe.all("payment_intent").length;
    await world.owner.query("update invoices set next_attempt_at = next_attempt_at - interval '1 year' where id = $1", [id]);
    await retryDue(world.billing.ctx, { now: world.billing.ctx.clock.now() + 40 * 86_400_000, testClockId: null });
    await setting.collect();
    expect(stripe.all("payment_intent").length).toBe(intents);
    moveDispute(stripe, dispute, "won");
    await setting.tell(thrice);
    expect(await setting.invoice(id)).toMatchObject({ status: "paid", amount_paid: 4_200, amount_due: 0 });
    expect([(await setting.payments("lost"))[0].dispute, await count("lost", "invoice.paid")]).toEqual(["won", 2]);
  });

  test("told of in any order: the same", async () => {
    const { stripe } = setting;
    for (const [index, order] of [
      [3, 2, 1, 0],
      [2, 0, 3, 1],
      [3, 0, 1, 2],
    ].entries()) {
      const { id, intent } = await paid(`any-${index}`);
      const dispute = openDispute(stripe, charge(intent));
      moveDispute(stripe, dispute, "under_review");
      moveDispute(stripe, dispute, "lost");
      await setting.tell((events) => thrice(order.map((place) => events[place]!)));
      expect([await setting.invoice(id), await count(`any-${index}`, "invoice.reopened")]).toMatchObject([
        { status: "open", amount_due: 4_200 },
        1,
      ]);
    }
  });

  test("won: nothing was ever taken; an inquiry that came to nothing neither", async () => {
    const { stripe } = setting;
    for (const [tenant, first, last] of [
      ["won", "needs_response", "won"],
      ["asked", "warning_needs_response", "warning_closed"],
    ] as const) {
      const { id, intent } = await paid(tenant);
      moveDispute(stripe, openDispute(stripe, charge(intent), first), last);
      await setting.tell(thrice);
      expect([await setting.invoice(id), (await setting.payments(tenant))[0].dispute]).toMatchObject([{ status: "paid" }, "won"]);
      expect(await count(tenant, "invoice.reopened")).toBe(0);
    }
  });

  test("of a part, after a refund: no more is taken than was left, and what is owed again can be paid by transfer", async () => {
    const { stripe, world } = setting;
    const { id, intent } = await paid("rest");
    await inDashboard(intent, 3_000);
    moveDispute(stripe, openDispute(stripe, charge(intent), "needs_response", 4_200), "lost");
    await setting.tell();
    expect(await setting.invoice(id)).toMatchObject({ status: "open", amount_paid: 3_000, amount_refunded: 3_000, amount_due: 1_200 });
    // Nothing is left that could be given back.
    expect((await world.post(`/v1/invoices/${id}/refunds`, { amount: 1 })).status).toBe(422);
    await world.must("POST", `/v1/invoices/${id}/reconcile`, {
      method: "wire",
      reference: "W-1",
      amount: 1_200,
      received_at: "2026-01-05T00:00:00Z",
    });
    expect(await setting.invoice(id)).toMatchObject({ status: "paid", amount_paid: 4_200 });
  });

  test("that the bank reckons in another currency: all of the payment", async () => {
    const { stripe } = setting;
    const { id, intent } = await paid("euros");
    const dispute = Object.assign(openDispute(stripe, charge(intent), "needs_response", 3_900), { currency: "eur" });
    moveDispute(stripe, dispute, "lost");
    await setting.tell((events) => events.slice(-1));
    expect(await setting.invoice(id)).toMatchObject({ status: "open", amount_paid: 0, amount_due: 4_200 });
  });

  test("of a pack of credits: what is left of them goes, comes again when it is paid again, and goes with a refund of that", async () => {
    const { stripe, world } = setting;
    await world.must("PUT", "/v1/tenants/packer", { name: "packer", email: "packer@example.com", currency: "usd" });
    const urls = { success_url: "https://app.example/paid", cancel_url: "https://app.example/back", gateway: "stripe" };
    await world.must("POST", "/v1/tenants/packer/credits/checkout", { product: "pack", ...urls });
    const session = stripe.all("checkout.session")[0]!;
    completeSession(stripe, String(session.id), CARDS.pm_card_visa!);
    await setting.tell();
    const credits = async () => (await world.must("GET", "/v1/tenants/packer/credits")).available as number;
    await world.must("POST", "/v1/tenants/packer/credits/consume", { amount: 100, idempotency_key: "used" });
    expect(await credits()).toBe(400);
    moveDispute(stripe, openDispute(stripe, charge(String(session.payment_intent))), "lost");
    await setting.tell(thrice);
    expect([await credits(), await setting.wrong()]).toEqual([0, []]);
    const { invoice_id: id } = (await setting.payments("packer"))[0];
    await world.must("POST", `/v1/invoices/${id}/reconcile`, {
      method: "wire",
      reference: "W-2",
      amount: 5_000,
      received_at: "2026-01-05T00:00:00Z",
    });
    expect(await credits()).toBe(400);
    await world.must("POST", `/v1/invoices/${id}/credit-notes`, { amount: 2_500, settle: "balance" });
    expect(await credits()).toBe(150);
  });

  test("of a subscription: past due with its grace, active again once it is paid or won", async () => {
    const { stripe, world } = setting;
    await setting.payer("member");
    await world.must("POST", "/v1/tenants/member/subscription", { plan: "studio", gateway: "stripe" });
    await setting.collect();
    await setting.tell();
    const [payment] = await setting.payments("member");
    const dispute = openDispute(stripe, charge(payment.gateway_reference));
    moveDispute(stripe, dispute, "lost");
    await setting.tell();
    const standing = async () => (await world.must("GET", "/v1/tenants/member/subscription")) as Json;
    expect(await standing()).toMatchObject({ status: "past_due", grace_until: expect.any(String) });
    const credits = async () => (await world.must("GET", "/v1/tenants/member/credits")).available as number;
    expect(await credits()).toBe(0);
    moveDispute(stripe, dispute, "won");
    await setting.tell();
    expect(await standing()).toMatchObject({ status: "active", grace_until: null });
    expect(await credits()).toBe(100);
  });
});
