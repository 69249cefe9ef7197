/** Selling on Stripe's pages: the webhook, the return page and the poller race, and make one of everything. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { settleCheckouts } from "../../src/billing/payments/settle-checkout.ts";
import { completeSession, expireSession } from "./resources/checkout-sessions.ts";
import { succeed } from "./resources/payment-intents.ts";
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
  });
  await setting.world.must("PUT", "/v1/credit-products/pack", { name: "Pack", credits: 500, amount: 4_900, currency: "usd" });
});
afterAll(async () => {
  expect(setting.stripe.objections).toEqual([]);
  expect(await setting.wrong()).toEqual([]);
  await setting.close();
});

const urls = { success_url: "https://app.example/paid", cancel_url: "https://app.example/back", gateway: "stripe" };

async function open(tenant: string, what: "plan" | "credits") {
  const { world, stripe } = setting;
  await world.must("PUT", `/v1/tenants/${tenant}`, { name: tenant, email: `${tenant}@example.com`, currency: "usd" });
  const path = what === "plan" ? "checkout" : "credits/checkout";
  const asked = what === "plan" ? { plan: "studio", ...urls } : { product: "pack", ...urls };
  const checkout = await world.must("POST", `/v1/tenants/${tenant}/${path}`, asked);
  const session = stripe.all("checkout.session")[0]!;
  expect([checkout.gateway, checkout.url]).toEqual(["stripe", session.url]);
  return {
    checkout,
    session: session as Json & { id: string },
    pay: (card = CARDS.pm_card_visa!) => completeSession(stripe, session.id as string, card),
  };
}

/** Everybody who may report it, twice and at once. */
async function everybody(tenant: string, checkout: string) {
  const { world } = setting;
  await setting.hurry();
  const ask = () => world.must("GET", `/v1/tenants/${tenant}/checkouts/${checkout}`);
  const twice = (events: Json[]) => [...events, ...events].reverse();
  await Promise.all([ask(), setting.tell(twice), ask(), settleCheckouts(world.billing.ctx), ask()]);
  return ask();
}

describe("lesson 8: the return page races the webhook", () => {
  test("and there is one subscription, one customer, one method, one payment", async () => {
    const { world, stripe } = setting;
    const { checkout, session, pay } = await open("racer", "plan");
    expect(session).toMatchObject({
      mode: "setup",
      client_reference_id: checkout.id,
      success_url: `https://app.example/paid?checkout_id=${checkout.id}`,
    });
    pay();
    expect(await everybody("racer", checkout.id)).toMatchObject({ status: "completed" });
    await setting.collect();
    await setting.tell();
    expect(await world.must("GET", "/v1/tenants/racer/subscription")).toMatchObject({
      plan: "studio",
      status: "active",
      gateway: "stripe",
    });
    expect(stripe.all("customer").filter((one) => (one.metadata as Json).billwright_tenant === "racer")).toHaveLength(1);
    expect((await world.must("GET", "/v1/tenants/racer/payment-methods")).items).toHaveLength(1);
    expect(await setting.payments("racer")).toMatchObject([{ status: "succeeded", amount: 1_900, gateway: "stripe" }]);
    expect((await setting.timeline("racer")).filter((event) => event.endsWith("subscription.started"))).toHaveLength(1);
  });

  test("and credits that were paid for are granted once, and can be given back", async () => {
    const { world, stripe } = setting;
    const { checkout, pay } = await open("buyer", "credits");
    pay();
    const done = await everybody("buyer", checkout.id);
    expect(done).toMatchObject({ status: "completed", amount: 4_900 });
    expect(await world.must("GET", "/v1/tenants/buyer/credits")).toMatchObject({ balance: 500 });
    const [payment, ...more] = await setting.payments("buyer");
    expect([payment.status, payment.gateway_reference, more]).toEqual(["succeeded", stripe.all("payment_intent")[0]!.id, []]);
    expect((await setting.invoice(done.invoice_id)).status).toBe("paid");
  });
});

test("lesson 31: paying an invoice at Stripe buys no credits", async () => {
  const { world } = setting;
  await setting.payer("thrifty");
  const bill = await setting.bill("thrifty", 4_900);
  await setting.collect();
  await setting.tell();
  expect((await setting.invoice(bill.id)).status).toBe("paid");
  expect(await world.must("GET", "/v1/tenants/thrifty/credits")).toMatchObject({ balance: 0, grants: [] });
});

test("a page that nobody finished expires, by webhook or by asking", async () => {
  const { world } = setting;
  for (const tenant of ["slow-told", "slow-asked"]) {
    const { checkout, session } = await open(tenant, "credits");
    expireSession(setting.stripe, session.id);
    if (tenant === "slow-told") await setting.tell();
    else setting.lose();
    expect(await world.must("GET", `/v1/tenants/${tenant}/checkouts/${checkout.id}`)).toMatchObject({ status: "expired" });
  }
});

test("money that is on its way is waited for; it comes, or it does not", async () => {
  const { world, stripe } = setting;
  for (const [tenant, status, balance] of [
    ["bank-comes", "completed", 500],
    ["bank-fails", "failed", 0],
  ] as const) {
    const { checkout, session, pay } = await open(tenant, "credits");
    pay(CARDS.pm_usBankAccount_processing!);
    await setting.tell();
    expect(await world.must("GET", `/v1/tenants/${tenant}/checkouts/${checkout.id}`)).toMatchObject({ status: "open" });
    const intent = stripe.objects.get(session.payment_intent as string) as Json & { id: string };
    if (status === "completed") succeed(stripe, intent);
    else
      Object.assign(intent, {
        status: "requires_payment_method",
        last_payment_error: { type: "card_error", code: "payment_intent_payment_attempt_failed", message: "The bank returned the money." },
      });
    stripe.emit(`checkout.session.async_payment_${status === "completed" ? "succeeded" : "failed"}`, session);
    await setting.tell();
    expect(await world.must("GET", `/v1/tenants/${tenant}/checkouts/${checkout.id}`)).toMatchObject({
      status,
      failure: status === "failed" ? "The bank returned the money." : null,
    });
    expect((await world.must("GET", `/v1/tenants/${tenant}/credits`)).balance).toBe(balance);
  }
});

test("what Stripe says against a page, or that it is away, is told by our codes", async () => {
  const { world, stripe } = setting;
  await world.must("PUT", "/v1/tenants/unlucky", { currency: "usd" });
  await world.must("POST", "/v1/tenants/unlucky/customers", { gateway: "stripe" });
  for (const [fault, status, code] of [
    ["down", 503, "gateway_unavailable"],
    ["busy", 503, "gateway_unavailable"],
    ["forbidden", 502, "gateway_error"],
    ["odd", 502, "gateway_error"],
  ] as const) {
    stripe.fail("POST", /checkout\/sessions$/, fault);
    const answer = await world.post("/v1/tenants/unlucky/checkout", { plan: "studio", ...urls });
    expect([fault, answer.status, answer.body.code, answer.body.gateway]).toEqual([fault, status, code, "stripe"]);
  }
});
