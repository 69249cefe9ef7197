/** Subscriptions that begin on Stripe's page and that Stripe runs: one of each, whoever tells of it, in whatever order, late or never. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { settleCheckouts } from "../../src/billing/payments/settle-checkout.ts";
import { processorTasks } from "../../src/processors/stripe/jobs.ts";
import { type BillingSetting, createBilling } from "./billing-setting.ts";
import { completeSession, expireSession } from "./resources/checkout-sessions.ts";
import { succeed } from "./resources/payment-intents.ts";
import { CARDS } from "./resources/payment-methods.ts";
import { newPrice } from "./resources/prices.ts";
import { periodOf } from "./resources/subscriptions.ts";
import type { Json } from "./server.ts";

let b: BillingSetting;
beforeAll(async () => {
  b = await createBilling();
  newPrice(b.stripe, { id: "price_tryout", unit_amount: 1_000 });
  await b.world.must("PUT", "/v1/plans/tryout", {
    name: "Tryout",
    currency: "usd",
    interval: "month",
    trial_days: 14,
    prices: [{ key: "base", type: "flat", amount: 1_000 }],
    processor_prices: { stripe: { base: "price_tryout" } },
  });
});
afterAll(async () => {
  expect(b.stripe.objections).toEqual([]);
  expect(await b.wrong()).toEqual([]);
  await b.close();
});

const PAGE = { success_url: "https://app.example/paid", cancel_url: "https://app.example/back", processor: "stripe" };
type Thing = Json & { id: string };

const ask = (tenant: string, body: Json = {}, headers: Record<string, string> = {}) =>
  b.world.post(`/v1/tenants/${tenant}/checkout`, { plan: "starter", ...PAGE, ...body }, headers);

async function open(tenant: string, body: Json = {}) {
  await b.tenant(tenant, "");
  const { status, body: checkout } = await ask(tenant, body);
  expect([status, checkout.status]).toEqual([201, "open"]);
  const session = b.stripe.all("checkout.session")[0] as Thing;
  expect(checkout.url).toBe(session.url);
  return { checkout, session, pay: (card = "pm_card_visa") => completeSession(b.stripe, session.id, CARDS[card]!) };
}

const read = (tenant: string, id: string) => b.world.must("GET", `/v1/tenants/${tenant}/checkouts/${id}`);
const there = (tenant: string) =>
  b.stripe.all("subscription").filter((one) => (one.metadata as Json).billwright_tenant === tenant) as Thing[];
const job = (name: keyof typeof processorTasks) => processorTasks[name](b.world.billing.ctx);
const rows = async (tenant: string) =>
  (await b.world.owner.query("select id, status, processor from subscriptions where tenant_id = $1", [tenant])).rows;
const dueNow = () =>
  b.world.owner
    .query("update checkouts set ask_at = '2020-01-01' where ask_at is not null")
    .then(() => settleCheckouts(b.world.billing.ctx));

describe("what is opened", () => {
  test("seats, usage and our ids are on the page; the customer is one, and the row was there first", async () => {
    await b.world.must("PUT", "/v1/tenants/studio", { name: "Studio", email: "studio@example.com", currency: "usd" });
    const { body: checkout } = await ask("studio", { plan: "pro", seats: 4 });
    expect(checkout).toMatchObject({
      kind: "plan",
      plan: "pro",
      seats: 4,
      processor: "stripe",
      gateway: "stripe",
      amount: 0,
      trial_days: 0,
    });
    const session = b.stripe.all("checkout.session")[0] as Thing;
    const customers = b.stripe.all("customer").filter((one) => (one.metadata as Json).billwright_tenant === "studio");
    expect(customers).toMatchObject([{ id: session.customer, email: "studio@example.com" }]);
    expect(session).toMatchObject({
      mode: "subscription",
      client_reference_id: checkout.id,
      metadata: { billwright_checkout: checkout.id, billwright_tenant: "studio" },
      line_items: [{ price: "price_pro_base", quantity: "1" }, { price: "price_pro_seats", quantity: "4" }, { price: "price_pro_calls" }],
      subscription_data: {
        metadata: {
          billwright_checkout: checkout.id,
          billwright_tenant: "studio",
          billwright_subscription: expect.stringMatching(/^sub_/),
        },
      },
      success_url: `https://app.example/paid?checkout_id=${checkout.id}`,
    });
    expect(b.stripe.writes(/checkout\/sessions$/).at(-1)!.idempotencyKey).toBe(checkout.id);
    // Nothing stands in the way of another subscription until somebody has paid.
    expect(await rows("studio")).toEqual([]);
  });

  test("no answer leaves the row, and the same key has the same page made", async () => {
    await b.tenant("patient", "");
    for (const fault of ["muffled", "down"] as const) {
      const key = { "idempotency-key": `page-${fault}` };
      const before = b.stripe.all("checkout.session").length;
      b.stripe.fail("POST", /checkout\/sessions$/, fault);
      const first = await ask("patient", {}, key);
      expect([first.status, first.body.code]).toEqual([503, "gateway_unavailable"]);
      const [again, twice] = [await ask("patient", {}, key), await ask("patient", {}, key)];
      expect([again.status, again.body.status, twice.body.id]).toEqual([201, "open", again.body.id]);
      expect(b.stripe.all("checkout.session").length).toBe(before + 1);
      expect((b.stripe.all("checkout.session")[0] as Thing).client_reference_id).toBe(again.body.id);
    }
  });

  test("what Stripe refuses is over, and says why; a page that was never made expires by itself", async () => {
    await b.tenant("refused", "");
    await b.world.must("PUT", "/v1/plans/lost", {
      name: "Lost",
      currency: "usd",
      interval: "month",
      prices: [{ key: "base", type: "flat", amount: 1_000 }],
      processor_prices: { stripe: { base: "price_nowhere" } },
    });
    const key = { "idempotency-key": "lost" };
    for (let time = 0; time < 2; time++)
      expect(await ask("refused", { plan: "lost" }, key)).toMatchObject({ status: 502, body: { code: "gateway_error" } });
    expect(b.stripe.writes(/checkout\/sessions$/).filter((one) => one.status === 404)).toHaveLength(1);
    expect(await b.timeline("refused")).toContain("checkout.failed");

    await b.tenant("unmade", "");
    b.stripe.fail("POST", /checkout\/sessions$/, "down");
    await ask("unmade");
    const [row] = (await b.world.owner.query("select id from checkouts where tenant_id = 'unmade'")).rows;
    expect(await read("unmade", row.id)).toMatchObject({ status: "open", url: "" });
    await b.world.owner.query("update checkouts set expires_at = '2020-01-01' where tenant_id = 'unmade'");
    await dueNow();
    expect(await read("unmade", row.id)).toMatchObject({ status: "expired" });
  });

  test("what cannot be sold there is refused by its field, before Stripe is asked", async () => {
    await b.tenant("picky", "");
    const before = b.stripe.requests.length;
    for (const [body, status, path] of [
      [{ plan: "bare" }, 422, "plan"],
      [{ plan: "nothing" }, 404, "plan"],
      [{ plan: "pro", seats: 0 }, 422, "seats"],
      [{ gateway: "sandbox" }, 422, "gateway"],
      [{ trial_days: 731 }, 422, "trial_days"],
      [{ success_url: "ftp://app.example" }, 422, "success_url"],
      [{ processor: "paddle" }, 422, "processor"],
    ] as const) {
      const answer = await ask("picky", body);
      expect([body, answer.status, answer.body.errors?.[0]?.path]).toEqual([body, status, path]);
    }
    expect(b.stripe.requests.length).toBe(before);
    expect((await b.world.owner.query("select id from checkouts where tenant_id = 'picky'")).rows).toEqual([]);
  });
});

describe("lesson 8: one subscription, whoever tells", () => {
  const ORDERS: [string, (events: Json[]) => Json[]][] = [
    ["in order", (events) => events],
    ["backwards, each twice", (events) => [...events, ...events].reverse()],
    ["the page first", (events) => [...events].sort((a, c) => Number(c.type !== a.type && String(c.type).startsWith("checkout")) - 1)],
    ["the invoice alone", (events) => events.filter((event) => event.type === "invoice.paid")],
    ["the subscription alone", (events) => events.filter((event) => event.type === "customer.subscription.created")],
  ];
  test.each(ORDERS)("%s", async (name, order) => {
    const tenant = name.replaceAll(/[ ,]+/g, "-");
    const { checkout, pay } = await open(tenant);
    const from = b.stripe.events.length;
    expect(pay("pm_card_authenticationRequired")).toBeNull();
    const [made] = there(tenant);
    await Promise.all([...order(b.stripe.events.slice(from)).map((event) => b.deliver(event)), read(tenant, checkout.id)]);
    await b.dispatch();
    await job("processor-missed");
    const { start, end } = periodOf(made!);
    expect(await b.subscription(tenant)).toMatchObject({
      id: (made!.metadata as Json).billwright_subscription,
      status: "active",
      plan: "starter",
      processor: "stripe",
      gateway: "stripe",
      current_period_start: new Date(start * 1_000).toISOString().replace(".000Z", "Z"),
      current_period_end: new Date(end * 1_000).toISOString().replace(".000Z", "Z"),
    });
    const subscription = await b.subscription(tenant);
    expect(await read(tenant, checkout.id)).toMatchObject({ status: "completed", subscription_id: subscription.id, failure: null });
    expect([there(tenant).length, (await rows(tenant)).length]).toEqual([1, 1]);
    const [method, ...more] = (await b.world.must("GET", `/v1/tenants/${tenant}/payment-methods`)).items;
    expect([method.gateway, method.last4, more]).toEqual(["stripe", "3184", []]);
    expect(await b.invoices(tenant)).toMatchObject([{ status: "paid", total: 1_000, processor_invoice_id: made!.latest_invoice }]);
    expect((await b.world.must("GET", `/v1/tenants/${tenant}/credits`)).available).toBe(100);
    const once = (await b.timeline(tenant)).filter((type) => /^(checkout.completed|subscription.started|invoice.paid)$/.test(type));
    expect(once).toEqual(["checkout.completed", "subscription.started", "invoice.paid"].sort((a, c) => once.indexOf(a) - once.indexOf(c)));
  });

  test("nobody tells: the poller finds the page, the reconciler the rest", async () => {
    const { checkout, pay } = await open("silent", { plan: "pro", seats: 2 });
    pay();
    await dueNow();
    expect(await read("silent", checkout.id)).toMatchObject({ status: "completed" });
    await job("processor-missed");
    expect(await b.subscription("silent")).toMatchObject({ status: "active", plan: "pro", seats: 2 });
    // What is asked of it from then on is asked at Stripe.
    await b.world.must("PATCH", "/v1/tenants/silent/subscription", { seats: 5 });
    expect(
      (there("silent")[0]!.items as { data: Json[] }).data.find((item) => (item.price as Json).id === "price_pro_seats"),
    ).toMatchObject({
      quantity: 5,
    });
    await b.settle();
  });

  test("what Stripe tells before the page is finished waits for it", async () => {
    const { checkout, session, pay } = await open("early");
    pay();
    Object.assign(session, { status: "open" });
    await b.settle();
    expect([(await read("early", checkout.id)).status, await rows("early")]).toEqual(["open", []]);
    Object.assign(session, { status: "complete" });
    b.stripe.emit("checkout.session.completed", session);
    await b.settle();
    expect(await b.subscription("early")).toMatchObject({ status: "active" });
  });

  test("a trial begins on the page, once a plan", async () => {
    const { session, pay } = await open("trier", { plan: "tryout" });
    expect(session.subscription_data).toMatchObject({ trial_period_days: "14" });
    pay();
    await b.settle();
    expect(await b.subscription("trier")).toMatchObject({ status: "trialing", plan: "tryout" });
    await b.world.must("POST", "/v1/tenants/trier/subscription/cancel", { when: "now" });
    await b.settle();
    // Who was run by Stripe comes back there, where nobody says.
    const again = await b.world.must("POST", "/v1/tenants/trier/checkout", { plan: "tryout", ...PAGE, processor: undefined });
    expect(again).toMatchObject({ processor: "stripe", trial_days: 0 });
    expect((b.stripe.all("checkout.session")[0]!.subscription_data as Json).trial_period_days).toBeUndefined();
    expect((await ask("trier", { plan: "tryout", trial_days: 3 })).body).toMatchObject({ trial_days: 0 });
  });
});

test("a card that is refused on the page leaves it open; one that nobody finishes expires", async () => {
  const { checkout, session, pay } = await open("slow");
  expect(pay("pm_card_chargeDeclined")).toMatchObject({ code: "card_declined" });
  expect(await read("slow", checkout.id)).toMatchObject({ status: "open" });
  expireSession(b.stripe, session.id);
  await b.settle();
  expect(await read("slow", checkout.id)).toMatchObject({ status: "expired", subscription_id: null });
  expect([there("slow"), await rows("slow")]).toEqual([[], []]);
  const lost = await open("lost");
  expireSession(b.stripe, lost.session.id);
  await dueNow();
  expect(await read("lost", lost.checkout.id)).toMatchObject({ status: "expired" });
});

describe("who subscribes meanwhile", () => {
  test("keeps that; what began on the page is ended at Stripe and paid back, once", async () => {
    const { checkout, pay } = await open("hasty");
    b.card("hasty", "pm_card_visa");
    await b.world.must("POST", "/v1/tenants/hasty/subscription", { plan: "bare", gateway: "sandbox" });
    pay();
    await b.settle();
    expect(await read("hasty", checkout.id)).toMatchObject({
      status: "failed",
      failure: expect.stringContaining("live subscription already"),
    });
    expect(await rows("hasty")).toMatchObject([{ status: "active", processor: "engine" }]);
    b.stripe.fail("POST", /refunds$/, "muffled");
    await job("processor-due");
    await b.world.owner.query("update checkouts set undo_at = '2020-01-01' where undo_at is not null");
    await job("processor-due");
    await job("processor-due");
    const [made] = there("hasty");
    expect(made).toMatchObject({ status: "canceled" });
    expect(b.stripe.all("refund").filter((one) => (one.metadata as Json).billwright_checkout === checkout.id)).toMatchObject([
      { amount: 1_000, status: "succeeded" },
    ]);
    expect((await b.world.owner.query("select id from checkouts where undo_at is not null")).rows).toEqual([]);
    await b.settle();
    expect([(await rows("hasty")).length, (await b.subscription("hasty")).plan]).toEqual([1, "bare"]);
  });

  test("finds the page closed within a minute, where nobody has paid on it", async () => {
    const { checkout, session, pay } = await open("tidy");
    await job("processor-due");
    expect(session.status).toBe("open");
    await b.world.must("POST", "/v1/tenants/tidy/subscription", { plan: "bare", gateway: "sandbox" });
    b.stripe.fail("POST", /expire$/, "down");
    await job("processor-due");
    expect((await read("tidy", checkout.id)).status).toBe("open");
    await job("processor-due");
    expect(session.status).toBe("expired");
    expect(await read("tidy", checkout.id)).toMatchObject({ status: "expired" });
    expect(() => pay()).toThrow();
    await b.settle();
  });

  test("two pages, both paid at the same time: one subscription, the other is undone", async () => {
    const first = await open("double");
    const second = await ask("double");
    expect(second.status).toBe(201);
    const other = b.stripe.all("checkout.session")[0] as Thing;
    first.pay();
    completeSession(b.stripe, other.id, CARDS.pm_card_visa!);
    await Promise.all([read("double", first.checkout.id), read("double", second.body.id), b.settle()]);
    await b.settle();
    await job("processor-missed");
    const states = [(await read("double", first.checkout.id)).status, (await read("double", second.body.id)).status].sort();
    expect(states).toEqual(["completed", "failed"]);
    await job("processor-due");
    expect((await rows("double")).map((row) => row.status)).toEqual(["active"]);
    expect(
      there("double")
        .map((one) => one.status)
        .sort(),
    ).toEqual(["active", "canceled"]);
    await b.settle();
  });

  test("money that is on its way is given back when it is there", async () => {
    const { checkout, pay } = await open("bank");
    await b.world.must("POST", "/v1/tenants/bank/subscription", { plan: "bare", gateway: "sandbox" });
    pay("pm_usBankAccount_processing");
    await dueNow();
    await job("processor-due");
    const refunds = () => b.stripe.all("refund").filter((one) => (one.metadata as Json).billwright_checkout === checkout.id);
    expect([there("bank")[0]!.status, refunds()]).toEqual(["canceled", []]);
    const intent = b.stripe.all("payment_intent").find((one) => one.status === "processing") as Thing;
    succeed(b.stripe, intent);
    await b.world.owner.query("update checkouts set undo_at = '2020-01-01' where undo_at is not null");
    await job("processor-due");
    expect(refunds()).toMatchObject([{ amount: 1_000 }]);
    await b.settle();
  });

  test("is told at once where there is one already", async () => {
    await b.tenant("settled");
    await b.start("settled");
    expect(await ask("settled")).toMatchObject({ status: 409, body: { code: "already_subscribed" } });
    await b.settle();
  });
});

test("a person of the tenant does not choose who runs it, nor the days of a trial", async () => {
  await b.tenant("person", "");
  const { secret } = await b.world.must("POST", "/v1/api-keys", { name: "theirs", scopes: ["billing.write"], tenant_id: "person" });
  for (const field of [{ processor: "stripe" }, { trial_days: 30 }]) {
    const body = { plan: "starter", ...PAGE, processor: undefined, ...field };
    const answer = await b.world.post("/v1/tenants/person/checkout", body, { authorization: `Bearer ${secret}` });
    expect([answer.status, answer.body.code]).toEqual([403, "forbidden"]);
  }
});

test("where Stripe reckons the taxes, it does so on the page, by the address that is given there", async () => {
  await b.tenant("taxed", "");
  const { createCheckout } = b.world.billing.ctx.gateways.get("stripe");
  const customer = String(b.stripe.all("customer").find((one) => (one.metadata as Json).billwright_tenant === "taxed")!.id);
  const page = await createCheckout!({
    idempotencyKey: "co_taxed",
    paymentKey: "pay_taxed",
    tenantId: "taxed",
    customer,
    mode: "subscription",
    offer: {
      processor: "stripe",
      subscription: "sub_taxed",
      plan_version: 1,
      trial_days: 0,
      items: [{ price: "price_starter", quantity: 1 }],
      automatic_tax: true,
    },
    amountMinor: 0n,
    currency: "usd",
    description: "Starter",
    successUrl: PAGE.success_url,
    cancelUrl: PAGE.cancel_url,
    expiresAt: Date.now() + 86_400_000,
  });
  const sent = b.stripe.writes(/checkout\/sessions$/).at(-1)!.form;
  expect(page.reference).toMatch(/^cs_/);
  expect(sent).toMatchObject({ automatic_tax: { enabled: "true" }, customer_update: { address: "auto" } });
  expect(sent).not.toHaveProperty("payment_intent_data");
});
