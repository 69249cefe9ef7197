/** Older and newer shapes of Stripe's objects: Stripe's own examples, and small ones where an example is missing. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { stripeInbound } from "../../gateways/stripe/inbound.ts";
import type { Json } from "./fields.ts";
import { readInvoice } from "./invoice-shape.ts";
import { readSubscription } from "./subscription-shape.ts";

const FIXTURES = process.env.STRIPE_FIXTURES ?? new URL("../../../../../shared/fixtures", import.meta.url).pathname;
const EVENTS = `${FIXTURES}/stripe-events-supabase-sync-engine`;
const there = existsSync(EVENTS);
const event = (name: string): Json & { type: string; data: { object: Json } } => JSON.parse(readFileSync(`${EVENTS}/${name}.json`, "utf8"));
const objectOf = (name: string) => event(name).data.object;
const at = (seconds: number) => seconds * 1_000;

test("Stripe's events are beside this checkout", ({ skip }) => {
  if (!there) skip("../shared/fixtures is not here: real payloads were not mapped");
  expect(there).toBe(true);
});

describe.runIf(there)("real payloads", () => {
  test("every event of a subscription, an invoice or what they are sold by names whose it is, or says why nothing is done", () => {
    const seen = readdirSync(EVENTS)
      .filter((file) => file.endsWith(".json"))
      .flatMap((file) => {
        const one = event(file.slice(0, -5));
        const fact = stripeInbound.events.get(one.type)?.(one);
        if (fact === undefined) return [];
        return [
          [one.type, typeof fact === "string" ? fact : fact.kind === "report" ? (fact.report.subscription ?? fact.report.invoice) : "?"],
        ];
      });
    expect(Object.fromEntries(seen)).toMatchObject({
      "customer.subscription.created": "sub_JdIzvfy6o5GZRd",
      "customer.subscription.updated": "sub_JLEPMp81LApOJl",
      "customer.subscription.deleted": "sub_JdIzvfy6o5GZRd",
      "invoice.finalized": "sub_K4J0aB2bmSyb6b",
      "invoice.paid": "sub_JsuPyCPhXWfZar",
      "invoice.updated": "sub_JW4ilEI1mm5j4X",
      "invoice.voided": "sub_JsuPyCPhXWfZar",
      "invoice.deleted": "The invoice is of no subscription.",
      "invoice_payment.paid": "in_103Q0w2eZvKYlo2C5PYwf6Wf",
      "credit_note.created": "in_1MxvRkLkdIwHu7ixABNtI99m",
      "subscription_schedule.released": "sub_1N1sg4JDPojXS6LNGfq3slwm",
      "entitlements.active_entitlement_summary.updated": expect.stringContaining("Entitlements are decided here"),
    });
    expect(seen.length).toBeGreaterThan(25);
  });

  test("lesson 9, older: periods stand on the subscription, what is sold in plan, and no currency is said", () => {
    expect(readSubscription(objectOf("subscription_updated"))).toMatchObject({
      reference: "sub_JLEPMp81LApOJl",
      customer: "cus_IhGfebO16cMIGN",
      status: "active",
      currency: "usd",
      period: { start: at(1_618_980_344), end: at(1_621_572_344) },
      startedAt: at(1_618_980_344),
      anchorAt: at(1_618_980_344),
      cancelAt: null,
      endedAt: null,
      items: [
        { reference: "si_JLEPdb3X81qQ9L", price: "price_1IDQm5JDPojXS6LNM31hxKzp", quantity: 1, interval: { unit: "month", count: 1 } },
      ],
    });
    expect(readSubscription(objectOf("subscription_deleted"))).toMatchObject({
      status: "canceled",
      endedAt: at(1_623_149_102),
      canceledAt: at(1_623_149_102),
    });
  });

  test("lesson 9, older: an invoice says its subscription itself, and prices and taxes on its lines", () => {
    expect(readInvoice(objectOf("invoice_paid"))).toMatchObject({
      reference: "in_1KJqKBJDPojXS6LNJbvLUgEy",
      subscription: "sub_JsuPyCPhXWfZar",
      status: "paid",
      reason: "period",
      number: "60229DE7-0007",
      currency: "usd",
      subtotal: 0n,
      total: 0n,
      amountDue: 0n,
      amountLeft: 0n,
      period: { start: at(1_639_966_880), end: at(1_642_645_280) },
      ahead: { start: at(1_642_645_280), end: at(1_645_323_680) },
      createdAt: at(1_642_645_471),
      finalizedAt: at(1_642_649_110),
      paidAt: at(1_642_649_110),
      lines: [{ price: "price_1IDQm5JDPojXS6LNM31hxKzp", product: "prod_Ip4vqwv3EJ7Mi0", amount: 0n, proration: false }],
    });
    expect(readInvoice(objectOf("invoice_finalized"))).toMatchObject({
      status: "open",
      number: "B1AB464C-0181",
      subscription: "sub_K4J0aB2bmSyb6b",
    });
    expect(readInvoice(objectOf("invoice_updated"))).toMatchObject({ status: "draft", number: null, finalizedAt: null });
    expect(readInvoice(objectOf("invoice_voided"))).toMatchObject({ status: "void" });
  });

  test("lesson 9, newer: the subscription stands under parent, the price under pricing", () => {
    const { object } = JSON.parse(readFileSync(`${FIXTURES}/stripe-basil-pay-rails/invoice.payment_failed.data.json`, "utf8"));
    expect(readInvoice(object)).toMatchObject({
      reference: "in_1234",
      subscription: "sub_1234",
      status: "open",
      reason: "period",
      number: "F612594F-0002",
      subtotal: 24_900n,
      tax: 0n,
      total: 24_900n,
      amountDue: 24_900n,
      amountPaid: 0n,
      amountLeft: 24_900n,
      offset: 0n,
      ahead: { start: at(1_745_433_906), end: at(1_776_969_906) },
      finalizedAt: at(1_745_437_578),
      paidAt: null,
      nextAttemptAt: at(1_745_552_783),
      lines: [
        {
          price: "price_1234",
          product: "prod_1234",
          amount: 24_900n,
          proration: false,
          period: { start: at(1_745_433_906), end: at(1_776_969_906) },
        },
      ],
    });
    expect(readInvoice(object).lines[0]!.unitAmount!.toFixed()).toBe("24900");
  });
});

const NEWER: Json = {
  id: "sub_1",
  object: "subscription",
  billing_cycle_anchor: 100,
  cancel_at: null,
  cancel_at_period_end: false,
  canceled_at: null,
  collection_method: "charge_automatically",
  created: 100,
  currency: "usd",
  customer: "cus_1",
  ended_at: null,
  items: {
    object: "list",
    data: [
      {
        id: "si_1",
        object: "subscription_item",
        current_period_start: 200,
        current_period_end: 300,
        quantity: 4,
        price: {
          id: "price_1",
          object: "price",
          product: "prod_1",
          recurring: { interval: "year", interval_count: 2, usage_type: "licensed" },
        },
      },
      {
        id: "si_2",
        object: "subscription_item",
        current_period_start: 200,
        current_period_end: 300,
        price: {
          id: "price_2",
          object: "price",
          product: "prod_1",
          recurring: { interval: "year", interval_count: 2, usage_type: "metered" },
        },
      },
    ],
  },
  metadata: { billwright_subscription: "sub_ours" },
  pause_collection: null,
  schedule: null,
  start_date: 100,
  status: "active",
  trial_end: null,
};

test("lesson 9, newer: periods stand on the items", () => {
  expect(readSubscription(NEWER)).toMatchObject({
    period: { start: at(200), end: at(300) },
    items: [
      { price: "price_1", quantity: 4, interval: { unit: "year", count: 2 } },
      { price: "price_2", quantity: null },
    ],
    metadata: { billwright_subscription: "sub_ours" },
  });
});

test.each([
  [{ status: "unpaid" }, "past_due", true],
  [{ status: "incomplete_expired" }, "expired", false],
  [{ pause_collection: { behavior: "void", resumes_at: 900 } }, "paused", false],
  [{ status: "incomplete", pause_collection: { behavior: "void" } }, "incomplete", false],
  [{ status: "canceled", pause_collection: { behavior: "void" } }, "canceled", false],
  [{ status: "paused" }, "paused", false],
  [{ status: "trialing" }, "trialing", false],
])("domain §5.10: %j is %s", (over, status, graceOver) => {
  expect(readSubscription({ ...NEWER, ...over })).toMatchObject({ status, graceOver });
});

test("what is canceled with its period says when", () => {
  expect(readSubscription({ ...NEWER, cancel_at_period_end: true, canceled_at: 250 })).toMatchObject({
    cancelAt: at(300),
    canceledAt: at(250),
  });
});

test("what is missing is named", () => {
  expect(() => readSubscription({ ...NEWER, status: "odd" })).toThrow("subscription.status is odd");
  expect(() => readSubscription({ ...NEWER, items: { data: [{ id: "si_1", object: "subscription_item" }] } })).toThrow(
    "subscription_item has no price",
  );
});

test("taxes and discounts that only the whole invoice tells stand with its last line", () => {
  const line = (id: string, amount: number) => ({
    id,
    object: "line_item",
    amount,
    quantity: 1,
    period: { start: 1, end: 2 },
    discount_amounts: [],
    tax_amounts: [],
  });
  const invoice = {
    id: "in_1",
    object: "invoice",
    status: "open",
    currency: "usd",
    created: 1,
    period_start: 1,
    period_end: 2,
    subtotal: 300,
    tax: 40,
    total_discount_amounts: [{ amount: 100, discount: "di_1" }],
    total: 240,
    amount_due: 200,
    amount_paid: 0,
    amount_remaining: 200,
    lines: { data: [line("il_1", 100), line("il_2", 200)] },
  };
  const seen = readInvoice(invoice);
  expect(seen).toMatchObject({ discount: 100n, tax: 40n, taxIncluded: 0n, offset: 40n, preCredited: 0n });
  expect(seen.lines.map(({ discount, taxes }) => [discount, taxes.map((tax) => tax.amount)])).toEqual([
    [0n, []],
    [100n, [40n]],
  ]);
});
