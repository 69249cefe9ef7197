/**
 * What is read of each type of Stripe's events: every type has its case. Real payloads, where a checkout of this project has them beside it
 * (STRIPE_FIXTURES, else ../shared/fixtures): each is taken in, stored, and acted on or ignored with a reason; and what it says, read off it by hand.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { passedOver } from "../../src/gateways/stripe/events/passed-over.ts";
import { stripeInbound } from "../../src/gateways/stripe/inbound.ts";
import { STRIPE_READERS } from "../../src/gateways/stripe/readers.ts";
import { byType } from "../../src/webhooks/inbound/adapter.ts";
import { EVENT_CASES } from "./event-cases.ts";
import { FIXTURES } from "./schemas.ts";
import type { Json } from "./server.ts";
import { createSetting, type Setting } from "./setting.ts";

const FOLDER = `${FIXTURES}/stripe-events-supabase-sync-engine`;
const there = existsSync(FOLDER);
const read = (name: string) => JSON.parse(readFileSync(`${FOLDER}/${name}.json`, "utf8")) as Json & { type: string };
const names = there ? readdirSync(FOLDER).flatMap((name) => (name.endsWith(".json") ? [name.slice(0, -5)] : [])) : [];

test("real payloads are beside this checkout", ({ skip }) => {
  if (!there) skip(`not here: ${FOLDER}`);
  expect(names.length).toBeGreaterThan(60);
});

const interpret = (event: Json & { type: string }) => stripeInbound.events.get(event.type)?.(event);

describe("every type", () => {
  const passed = passedOver.flatMap(({ types }) => types);

  test("that is read has its case, and nothing else has", () => {
    const read = [...stripeInbound.events.keys()].filter((type) => !passed.some((one) => one === type));
    expect(Object.keys(EVENT_CASES).sort()).toEqual(read.sort());
  });

  test.each(Object.entries(EVENT_CASES))("%s says what it should", (type, { object, says }) => {
    expect(interpret({ type, data: { object } })).toEqual(says);
  });

  test("that is passed over says why, in words of its own", () => {
    for (const type of passed)
      expect([type, interpret({ type, data: { object: {} } })]).toEqual([type, expect.stringMatching(/^[A-Z].{15,}\.$/)]);
  });

  test("is in a file of events/ that is listed, and claimed once", () => {
    const files = readdirSync(new URL("../../src/gateways/stripe/events", import.meta.url)).length;
    expect(STRIPE_READERS.length - passedOver.length + 1).toBe(files);
    expect(() => byType([...STRIPE_READERS, { types: ["charge.succeeded"], read: () => "" }])).toThrow(
      "two readers claim charge.succeeded",
    );
    expect(stripeInbound.events.get("constructor")).toBeUndefined();
  });
});
/** As it is, with our own id in the metadata, as of something that was made here. */
function withOurs(name: string, metadata: Json): Json & { type: string } {
  const event = read(name);
  const { object } = event.data as { object: Json };
  Object.assign(object, { metadata });
  // The samples of an intent are one object under several types: its state is put right.
  const state = /^payment_intent_(succeeded|processing|requires_action|canceled)$/.exec(name)?.[1];
  if (state) Object.assign(object, { status: state, ...(state === "succeeded" ? { amount_received: object.amount } : {}) });
  return event;
}

describe.runIf(there)("what they say", () => {
  const PAYMENT = { billwright_payment: "pay_ours" };
  const charge = (outcome: Json) => ({ kind: "charge", paymentId: "pay_ours", outcome });
  const CASES: [string, Json, unknown][] = [
    [
      "payment_intent_succeeded",
      PAYMENT,
      charge({ status: "succeeded", reference: "pi_1IqxJOJDPojXS6LN9uOebAea", amountMinor: 1_000n, currency: "usd" }),
    ],
    ["payment_intent_processing", PAYMENT, charge({ status: "pending", reference: "pi_1IqxJOJDPojXS6LN9uOebAea" })],
    ["payment_intent_requires_action", PAYMENT, charge({ status: "requires_action", reference: "pi_1IqxJOJDPojXS6LN9uOebAea", url: null })],
    [
      "payment_intent_payment_failed",
      PAYMENT,
      charge({ status: "failed", reference: "pi_1IqxJOJDPojXS6LN9uOebAea", code: "payment_failed", reason: "The payment failed." }),
    ],
    [
      "payment_intent_canceled",
      PAYMENT,
      charge({ status: "failed", reference: "pi_1IqxJOJDPojXS6LN9uOebAea", code: "canceled", reason: "The payment was given up." }),
    ],
    ["payment_intent_succeeded", { billwright_checkout: "co_ours" }, { kind: "checkout", checkoutId: "co_ours" }],
    ["payment_intent_succeeded", {}, "The payment was not asked for here."],
    [
      "charge_succeeded",
      PAYMENT,
      charge({ status: "succeeded", reference: "pi_3KtQThJDPojXS6LN0H9EfsjV", amountMinor: 3_000n, currency: "usd" }),
    ],
    ["charge_succeeded", {}, "The payment was not asked for here."],
    ["charge_failed", PAYMENT, "The payment intent of the charge says what became of it."],
    [
      "charge_refunded",
      PAYMENT,
      {
        kind: "refund",
        refundId: null,
        of: {
          payment: "pi_3Kl36gJDPojXS6LN02fQVtKR",
          charge: "ch_3Kl36gJDPojXS6LN0DCM4A8l",
          invoice: "in_1KJdKkJDPojXS6LNSwSWkZSN",
          customer: "cus_J7Mkgr8mvbl1eK",
        },
        amountMinor: 2_500n,
        currency: "usd",
        outcome: { status: "succeeded", reference: "re_3Kl36gJDPojXS6LN0eP4yPDz" },
      },
    ],
    ["checkout_session_completed", { billwright_checkout: "co_ours" }, { kind: "checkout", checkoutId: "co_ours" }],
    ["checkout_session_completed", {}, "The checkout was not opened here."],
    ["payment_method_attached", {}, { kind: "method", reference: "pm_1MKlmhJDPojXS6LNV8Rcj3WO" }],
    ["payment_method_detached", {}, { kind: "method", reference: "pm_1MJUwRJDPojXS6LNh4fFA1z7" }],
    ["setup_intent_succeeded", {}, { kind: "method", reference: "pm_1MJEWOJDPojXS6LNUELZ8Byt" }],
    ["setup_intent_setup_failed", {}, expect.stringMatching(/^No method was left: /)],
    ["customer_deleted", {}, { kind: "customer", reference: "cus_IhGfebO16cMIGN", change: "deleted" }],
    ["customer_updated", {}, "Nothing changed that is kept here."],
    [
      "refund_created",
      { billwright_refund: "refund_ours" },
      {
        kind: "refund",
        refundId: "refund_ours",
        of: { payment: "pi_1GszsK2eZvKYlo2CfhZyoZLp", charge: "ch_1NirD82eZvKYlo2CIvbtLWuY", invoice: null, customer: null },
        amountMinor: 1_000n,
        currency: "usd",
        outcome: { status: "succeeded", reference: "re_1Nispe2eZvKYlo2Cd31jOCgZ" },
      },
    ],
    [
      "charge_dispute_created",
      {},
      {
        kind: "dispute",
        of: { payment: "pi_1IqtG9JDPojXS6LNOGnYrIqq", charge: "ch_1IqtGAJDPojXS6LNstgEfUji" },
        report: { reference: "dp_1MLuxQJDPojXS6LNrukJCBBG", status: "warning", reason: "general", amountMinor: 1_000n, currency: "usd" },
      },
    ],
  ];
  test.each(CASES)("%s with %o", (name, metadata, expected) => {
    expect(interpret(withOurs(name, metadata))).toEqual(expected);
  });
});

describe.runIf(there)("every payload", () => {
  let setting: Setting;
  beforeAll(async () => {
    setting = await createSetting();
  });
  afterAll(() => setting.close());

  test("is taken in, stored once, and worked on without a failure, delivered twice", async () => {
    for (const name of names) {
      // Their ids are not all their own.
      const event = { ...read(name), id: `evt_${name}` };
      for (const duplicate of [false, true]) expect([name, (await setting.deliver(event)).body]).toMatchObject([name, { duplicate }]);
    }
    await setting.dispatch();
    const { rows } = await setting.world.owner.query(
      "select event_id, type, state, last_error from inbound_events where state <> 'done' and (state <> 'ignored' or last_error is null)",
    );
    expect(rows).toEqual([]);
    const { rows: all } = await setting.world.owner.query("select count(*)::int as n from inbound_events where deliveries = 2");
    expect(all[0]!.n).toBe(names.length);
  });
});
