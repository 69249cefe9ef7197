/** What is paid on an order, told in every order, with deaths at every point: `order-proof.ts`. Capture before authorise is one of them. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { booksOf } from "../books-of.ts";
import { proveOrders, type Scenario } from "../order-proof.ts";
import { KEY_ID, KEY_SECRET } from "./server.ts";
import { createSetting, eventOf, type Setting, sign } from "./setting.ts";

type Json = Record<string, unknown>;
let setting: Setting;
const orders = new Map<string, string>();
const payments = new Map<string, Json>();

async function open(tenant: string): Promise<void> {
  const invoice = await setting.invoice(tenant);
  orders.set(tenant, (await setting.order(invoice.id)).order_id);
}
/** The three events of a payment that is captured. */
function pays(tenant: string): Json[] {
  const id = orders.get(tenant)!;
  const payment = setting.razorpay.pay(id);
  payments.set(tenant, payment);
  const order = { ...setting.razorpay.orders.get(id)!, status: "paid", amount_paid: 50_000, amount_due: 0 };
  return [
    eventOf("payment.authorized", { payment: { ...payment, status: "authorized", captured: false } }),
    eventOf("payment.captured", { payment }),
    eventOf("order.paid", { payment, order }),
  ];
}
const named = (events: readonly Json[], types: string) => events.filter((event) => types.split(" ").includes(String(event.event)));

async function inDashboard(tenant: string, amount: number): Promise<Json[]> {
  const payment = payments.get(tenant)!;
  const answer = await fetch(`${setting.razorpay.url}/payments/${String(payment.id)}/refund`, {
    method: "POST",
    headers: { authorization: `Basic ${Buffer.from(`${KEY_ID}:${KEY_SECRET}`).toString("base64")}`, "content-type": "application/json" },
    body: JSON.stringify({ amount, notes: [] }),
  });
  const refund = (await answer.json()) as Json;
  return ["refund.created", "refund.processed"].map((type) => eventOf(type, { refund, payment }));
}

const SCENARIOS: Scenario[] = [
  { name: "capture before authorise", ways: 4, before: open, happens: [async (tenant) => pays(tenant)] },
  {
    name: "failure and recovery",
    before: open,
    happens: [
      async (tenant) => {
        const failure = { status: "failed", captured: false, error_code: "BAD_REQUEST_ERROR", error_description: "Declined." };
        return [eventOf("payment.failed", { payment: setting.razorpay.pay(orders.get(tenant)!, failure) })];
      },
      async (tenant) => named(pays(tenant), "payment.captured order.paid"),
    ],
    // Two tries are two payments, numbered and told of as they were heard.
    timeline: "as heard",
  },
  {
    name: "a try that failed, and that the bank confirmed after all",
    before: open,
    timeline: "as heard",
    happens: [
      async (tenant) => {
        const [authorized, captured] = pays(tenant);
        const failed = {
          ...payments.get(tenant)!,
          status: "failed",
          captured: false,
          error_code: "GATEWAY_ERROR",
          error_description: "No answer.",
        };
        return [eventOf("payment.failed", { payment: failed }), authorized!, captured!];
      },
    ],
  },
  {
    name: "refund in the dashboard",
    before: open,
    happens: [async (tenant) => named(pays(tenant), "payment.captured order.paid"), (tenant) => inDashboard(tenant, 20_000)],
  },
];

beforeAll(async () => {
  setting = await createSetting();
});
afterAll(async () => {
  expect(await setting.wrong()).toEqual([]);
  await setting.close();
});

proveOrders(
  {
    seed: process.env.PROPERTY_SEED ?? "order-proof-1",
    gateway: "razorpay",
    world: () => setting.world,
    signed: (event, id) => {
      const body = Buffer.from(JSON.stringify(event));
      return { body, headers: { "x-razorpay-signature": sign(body), "x-razorpay-event-id": id } };
    },
    typeOf: (event) => String(event.event),
    outcome: (tenant, asHeard) => booksOf(setting.world, tenant, asHeard),
  },
  SCENARIOS,
);

test("all three at once, worked on side by side, three times over: the same", async () => {
  const books: unknown[] = [];
  for (const tenant of ["one-by-one", "side-by-side"]) {
    await open(tenant);
    const events = pays(tenant);
    const all = tenant === "one-by-one" ? events : [...events, ...events, ...events];
    await Promise.all(all.map((event, at) => setting.deliver(event, `${tenant}-${at % 3}`)));
    if (tenant === "one-by-one") await setting.dispatch();
    else await Promise.all([setting.dispatch(), setting.dispatch(), setting.dispatch()]);
    books.push(await booksOf(setting.world, tenant));
  }
  expect(books[1]).toEqual(books[0]);
});
