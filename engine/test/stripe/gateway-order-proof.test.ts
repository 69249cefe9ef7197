/**
 * What happens to payments that the engine makes by Stripe, told in every order, with deaths at every point: `order-proof.ts`. The answers to
 * its own calls are lost, so that events alone tell of them, but where a scenario says otherwise.
 */
import { afterAll, beforeAll, expect } from "vitest";
import { refundDue } from "../../src/billing/payments/give-back.ts";
import { booksOf } from "../books-of.ts";
import { proveOrders, type Scenario } from "../order-proof.ts";
import { completeSession } from "./resources/checkout-sessions.ts";
import { moveDispute, openDispute } from "./resources/disputes.ts";
import { succeed } from "./resources/payment-intents.ts";
import { CARDS, newMethod } from "./resources/payment-methods.ts";
import type { Json } from "./server.ts";
import { createSetting, type Setting } from "./setting.ts";
import { signature } from "./signing.ts";

let setting: Setting;
type Thing = Json & { id: string };
const ofTenant = (kind: string, tenant: string) =>
  setting.stripe.all(kind).find((one) => (one.metadata as Json).billwright_tenant === tenant) as Thing;
const intentOf = (tenant: string) => ofTenant("payment_intent", tenant);

/** What somebody does, and the events that tell it, of these types; of several of one type the last. */
const telling =
  (types: string, deed: (tenant: string) => unknown, since: "now" | "the payment" = "now") =>
  async (tenant: string): Promise<Json[]> => {
    const { events } = setting.stripe;
    const from = events.length;
    await deed(tenant);
    const mine = (event: Json) => {
      const { object } = event.data as { object: Json };
      return object.payment_intent === intentOf(tenant)?.id || object.id === intentOf(tenant)?.id;
    };
    const told = since === "now" ? events.slice(from) : events.filter(mine);
    return told.filter((event) => types.split(" ").includes(String(event.type)));
  };

/** A tenant with a card that nobody told of, so that each begins alike. */
async function tenant(id: string, card = "pm_card_visa", more: Json = {}): Promise<void> {
  const { world, stripe } = setting;
  await world.must("PUT", `/v1/tenants/${id}`, { name: "Somebody", email: "somebody@example.com", currency: "usd", ...more });
  const setup = await world.must("POST", `/v1/tenants/${id}/payment-methods/setup-intent`, { gateway: "stripe" });
  const customer = stripe.objects.get(String(stripe.objects.get(setup.id)!.customer))!;
  const method = newMethod(stripe, CARDS[card]!, String(customer.id));
  customer.invoice_settings = { ...(customer.invoice_settings as Json), default_payment_method: method.id };
  await world.must("GET", `/v1/tenants/${id}/payment-methods?refresh=true`);
  setting.lose();
}
/** The charge is made, and nobody hears the answer. */
async function unheard(): Promise<void> {
  setting.stripe.fail("POST", /payment_intents$/, "muffled");
  await setting.collect();
}
const heard = () => setting.collect();
const bill = async (id: string) => void (await setting.bill(id, 4_200));
const subscribe = (id: string, plan = "studio") =>
  setting.world.must("POST", `/v1/tenants/${id}/subscription`, { plan, gateway: "stripe" });
/** By a clock that stands, so that each pays for as much. */
async function subscribed(id: string): Promise<void> {
  const clock = await setting.world.clock("2026-01-01T00:00:00Z");
  clocks.set(id, clock);
  await tenant(id, "pm_card_visa", { test_clock: clock.id });
  await subscribe(id);
  await heard();
}
const invoiceOf = async (id: string) => (await setting.world.must("GET", `/v1/tenants/${id}/invoices`)).items[0].id as string;
const openPage = async (id: string, path: string, what: Json) => {
  await setting.world.must("PUT", `/v1/tenants/${id}`, { name: "Somebody", email: "somebody@example.com", currency: "usd" });
  const urls = { success_url: "https://app.example/paid", cancel_url: "https://app.example/back", gateway: "stripe" };
  await setting.world.must("POST", `/v1/tenants/${id}/${path}`, { ...what, ...urls });
};
const finishPage = (id: string) => completeSession(setting.stripe, ofTenant("checkout.session", id).id, CARDS.pm_card_visa!);
let keys = 0;
const inDashboard = (id: string, amount: number) =>
  fetch(`${setting.stripe.url}/v1/refunds`, {
    method: "POST",
    headers: {
      authorization: "Bearer sk_test_loopback",
      "stripe-version": "2026-10-28.endive",
      "idempotency-key": `dashboard-${keys++}`,
    },
    body: new URLSearchParams({ payment_intent: intentOf(id).id, amount: String(amount) }),
  }).then((answer) => expect(answer.status).toBe(200));

const PAID = "charge.succeeded payment_intent.succeeded";
const clocks = new Map<string, Awaited<ReturnType<Setting["world"]["clock"]>>>();

const SCENARIOS: Scenario[] = [
  {
    name: "checkout to active",
    before: (id) => openPage(id, "checkout", { plan: "studio" }),
    because: "checkout.session.completed",
    happens: [telling("setup_intent.succeeded payment_method.attached checkout.session.completed", finishPage), telling(PAID, unheard)],
  },
  {
    name: "checkout of credits",
    before: (id) => openPage(id, "credits/checkout", { product: "pack" }),
    happens: [telling(`payment_intent.created ${PAID} payment_method.attached checkout.session.completed`, finishPage)],
  },
  {
    name: "renewal",
    before: subscribed,
    happens: [
      telling(`payment_intent.created ${PAID}`, async (id) => {
        setting.stripe.fail("POST", /payment_intents$/, "muffled");
        await clocks.get(id)!.to("2026-02-01T00:00:00Z");
      }),
    ],
  },
  {
    name: "failure and recovery",
    async before(id) {
      await tenant(id, "pm_card_chargeDeclined");
      await subscribe(id);
    },
    happens: [
      telling("charge.failed payment_intent.payment_failed", heard),
      // The person has another card, and confirms the same intent with it.
      telling(PAID, (id) => succeed(setting.stripe, intentOf(id))),
    ],
  },
  {
    name: "failure and recovery, of which nobody heard",
    timeline: "as heard",
    async before(id) {
      await tenant(id, "pm_card_chargeDeclined");
      await bill(id);
    },
    happens: [telling("payment_intent.payment_failed", unheard), telling(PAID, (id) => succeed(setting.stripe, intentOf(id)))],
  },
  {
    name: "plan change",
    async before(id) {
      await subscribed(id);
      await setting.world.must("POST", `/v1/tenants/${id}/subscription/plan`, { plan: "agency", proration: "invoice_now" });
    },
    happens: [telling(`payment_intent.created ${PAID}`, unheard)],
  },
  {
    name: "cancel, and what is given back for it",
    async before(id) {
      await subscribed(id);
      await setting.world.must("POST", `/v1/tenants/${id}/subscription/cancel`, { when: "now", refund_unused: true });
    },
    happens: [
      telling(
        "refund.created charge.refunded",
        async () => {
          setting.stripe.fail("POST", /refunds$/, "muffled");
          await refundDue(setting.world.billing.ctx);
        },
        "the payment",
      ),
    ],
  },
  {
    name: "refund by us",
    async before(id) {
      await tenant(id);
      await bill(id);
      await heard();
    },
    happens: [
      telling(
        `${PAID} refund.created charge.refunded`,
        async (id) => {
          setting.stripe.fail("POST", /refunds$/, "muffled");
          await setting.world.must("POST", `/v1/invoices/${await invoiceOf(id)}/refunds`, { amount: 1_000 });
        },
        "the payment",
      ),
    ],
  },
  {
    name: "refund in the dashboard, of a payment that nobody heard of",
    async before(id) {
      await tenant(id);
      await bill(id);
    },
    happens: [telling(PAID, unheard), telling("refund.created charge.refunded", (id) => inDashboard(id, 1_000))],
  },
  {
    name: "dispute that is lost",
    timeline: "as heard",
    async before(id) {
      await tenant(id);
      await bill(id);
    },
    happens: [
      telling("payment_intent.succeeded", unheard),
      telling("charge.dispute.created charge.dispute.closed", (id) => {
        const { stripe } = setting;
        const dispute = openDispute(stripe, stripe.objects.get(String(intentOf(id).latest_charge))!);
        moveDispute(stripe, dispute, "lost");
      }),
    ],
  },
];

beforeAll(async () => {
  setting = await createSetting();
  for (const [key, amount] of [
    ["studio", 1_900],
    ["agency", 9_900],
  ] as const)
    await setting.world.must("PUT", `/v1/plans/${key}`, {
      name: key,
      currency: "usd",
      interval: "month",
      prices: [{ key: "base", type: "flat", amount }],
      credits: { amount: 100 },
    });
  await setting.world.must("PUT", "/v1/credit-products/pack", { name: "Pack", credits: 500, amount: 5_000, currency: "usd" });
});
afterAll(async () => {
  expect(setting.stripe.objections).toEqual([]);
  expect(await setting.wrong()).toEqual([]);
  await setting.close();
});

proveOrders(
  {
    seed: process.env.PROPERTY_SEED ?? "stripe-gateway-order-1",
    gateway: "stripe",
    world: () => setting.world,
    signed: (event) => {
      const body = Buffer.from(JSON.stringify(event));
      return { body, headers: { "stripe-signature": signature(body, Math.floor(Date.now() / 1_000)) } };
    },
    typeOf: (event) => String(event.type),
    outcome: (id, asHeard) => booksOf(setting.world, id, asHeard),
  },
  SCENARIOS,
);
