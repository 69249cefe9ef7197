/** What happens to subscriptions that Stripe runs, told in every order, with deaths at every point: `order-proof.ts`. */
import { afterAll, beforeAll, expect } from "vitest";
import { booksOf } from "../books-of.ts";
import { proveOrders, type Scenario } from "../order-proof.ts";
import { type BillingSetting, createBilling } from "./billing-setting.ts";
import { completeSession } from "./resources/checkout-sessions.ts";
import type { Thing } from "./resources/invoices.ts";
import { CARDS } from "./resources/payment-methods.ts";
import { issue, turn } from "./resources/subscriptions.ts";
import type { Json } from "./server.ts";
import { signature } from "./signing.ts";

let b: BillingSetting;
const drafts = new Map<string, Thing>();
const CORE = /^customer\.subscription\.|^invoice\.(created|finalized|paid|payment_failed)$/;
/** Of the charge itself, which says less than the invoice, and may say it first. */
const WITH_MONEY = /^charge\.succeeded$|^payment_intent\.succeeded$|^invoice\.paid$|^customer\.subscription\.created$/;

const call = (path: string, form: Record<string, string>) =>
  fetch(`${b.stripe.url}/v1/${path}`, {
    method: "POST",
    headers: {
      authorization: "Bearer sk_test_loopback",
      "stripe-version": "2026-10-28.endive",
      "idempotency-key": JSON.stringify([path, form]),
    },
    body: new URLSearchParams(form),
  }).then((answer) => expect(answer.status).toBe(200));
const customerOf = (tenant: string) =>
  String(b.stripe.all("customer").find((one) => (one.metadata as Json).billwright_tenant === tenant)!.id);
const checkout = (tenant: string, price = "price_starter") =>
  call("subscriptions", { customer: customerOf(tenant), "items[0][price]": price, "metadata[billwright_tenant]": tenant });
const subscribed = async (tenant: string) => {
  await b.tenant(tenant);
  await checkout(tenant);
  await b.world.billing.ctx.processors.outside("stripe")!.mirror(b.world.billing.ctx, { subscription: b.there(tenant).id, invoice: null });
};
const draw = (tenant: string) => void drafts.set(tenant, turn(b.stripe, b.there(tenant))!);
const collect = (tenant: string) => void issue(b.stripe, b.there(tenant), drafts.get(tenant)!);

/** What somebody does, and the events of the tenant's that tell it. */
const telling =
  (types: RegExp, deed: (tenant: string) => unknown, since = () => b.stripe.events.length) =>
  async (tenant: string): Promise<Json[]> => {
    const from = since();
    await deed(tenant);
    return b.stripe.events.slice(from).filter((event) => {
      const { object } = event.data as { object: Json };
      const charge = b.stripe.objects.get(String(object.charge)) ?? object;
      return types.test(String(event.type)) && charge.customer === customerOf(tenant);
    });
  };

const SCENARIOS: Scenario[] = [
  { name: "checkout to active", before: (tenant) => b.tenant(tenant), happens: [telling(CORE, (tenant) => checkout(tenant))] },
  {
    name: "checkout to active, and the charge of it",
    before: (tenant) => b.tenant(tenant),
    happens: [telling(WITH_MONEY, (tenant) => checkout(tenant))],
  },
  {
    name: "a page of Stripe's to active",
    async before(tenant) {
      await b.tenant(tenant, "");
      const urls = { success_url: "https://app.example/paid", cancel_url: "https://app.example/back" };
      await b.world.must("POST", `/v1/tenants/${tenant}/checkout`, { plan: "starter", processor: "stripe", ...urls });
    },
    happens: [
      telling(/^checkout\.session\.completed$|^customer\.subscription\.created$|^invoice\.paid$|^charge\.succeeded$/, (tenant) => {
        const page = b.stripe.all("checkout.session").find((one) => one.customer === customerOf(tenant))!;
        completeSession(b.stripe, String(page.id), CARDS.pm_card_visa!);
      }),
    ],
  },
  { name: "renewal", before: subscribed, happens: [telling(CORE, draw), telling(CORE, collect)] },
  {
    name: "failure and recovery",
    sample: 24,
    before: subscribed,
    happens: [
      telling(CORE, draw),
      telling(CORE, (tenant) => {
        b.card(tenant, "pm_card_chargeDeclined");
        collect(tenant);
      }),
      telling(CORE, (tenant) => {
        b.card(tenant, "pm_card_visa");
        collect(tenant);
      }),
    ],
  },
  {
    name: "plan change",
    before: subscribed,
    happens: [
      telling(CORE, (tenant) => {
        b.stripe.now += 86_400;
        const [item] = (b.there(tenant).items as { data: Json[] }).data;
        return call(`subscriptions/${b.there(tenant).id}`, {
          "items[0][id]": String(item!.id),
          "items[0][price]": "price_pro_base",
          proration_behavior: "always_invoice",
        });
      }),
    ],
  },
  {
    name: "cancel",
    before: subscribed,
    happens: [
      telling(CORE, (tenant) => call(`subscriptions/${b.there(tenant).id}`, { cancel_at_period_end: "true" })),
      telling(CORE, draw),
    ],
  },
  {
    name: "refund",
    before: async (tenant) => {
      await b.tenant(tenant);
      await checkout(tenant);
    },
    happens: [
      telling(
        /^(charge\.refunded|refund\.created|invoice\.paid)$/,
        (tenant) => {
          b.stripe.now += 3_600;
          const charge = b.stripe.all("charge").find((one) => one.customer === customerOf(tenant))!;
          return call("refunds", { payment_intent: String(charge.payment_intent), amount: "400" });
        },
        () => 0,
      ),
    ],
  },
];

beforeAll(async () => {
  b = await createBilling();
});
afterAll(async () => {
  expect(b.stripe.objections).toEqual([]);
  expect(await b.wrong()).toEqual([]);
  await b.close();
});

proveOrders(
  {
    seed: process.env.PROPERTY_SEED ?? "stripe-order-1",
    gateway: "stripe",
    world: () => b.world,
    signed: (event) => {
      const body = Buffer.from(JSON.stringify(event));
      return { body, headers: { "stripe-signature": signature(body, Math.floor(Date.now() / 1_000)) } };
    },
    typeOf: (event) => String(event.type),
    outcome: (tenant, asHeard) => booksOf(b.world, tenant, asHeard),
  },
  SCENARIOS,
);
