/** What is read of each type of Razorpay's events: every type has its case. Its own samples are read in `official.test.ts`. */
import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { passedOver } from "../../src/gateways/razorpay/events/passed-over.ts";
import { razorpayInbound } from "../../src/gateways/razorpay/inbound.ts";
import { RAZORPAY_READERS } from "../../src/gateways/razorpay/readers.ts";
import { eventOf } from "./setting.ts";

type Json = Record<string, unknown>;

const payment = (status: string, more: Json = {}) => ({
  payment: { id: "pay_1", entity: "payment", amount: 500, currency: "INR", status, order_id: "order_1", ...more },
});
const refund = (status: string) => ({
  refund: { id: "rfnd_1", entity: "refund", amount: 200, currency: "INR", payment_id: "pay_1", receipt: null, status },
});
const dispute = (status: string, phase = "chargeback", deducted = 0) => ({
  dispute: {
    id: "disp_1",
    entity: "dispute",
    payment_id: "pay_1",
    amount: 500,
    amount_deducted: deducted,
    currency: "INR",
    reason_code: "fraud",
    phase,
    status,
  },
});
const ofOrder = (outcome: Json) => ({ kind: "order_payment", orderReference: "order_1", outcome: { reference: "pay_1", ...outcome } });
const captured = ofOrder({ status: "succeeded", amountMinor: 500n, currency: "inr" });
const refunded = (outcome: Json) => ({
  kind: "refund",
  refundId: null,
  of: { payment: "pay_1" },
  amountMinor: 200n,
  currency: "inr",
  outcome: { reference: "rfnd_1", ...outcome },
});
const disputed = (status: string) => ({
  kind: "dispute",
  of: { payment: "pay_1" },
  report: { reference: "disp_1", status, reason: "fraud", amountMinor: 500n, currency: "inr" },
});

const CASES: [string, Record<string, Json>, unknown][] = [
  ["payment.authorized", payment("authorized"), ofOrder({ status: "pending" })],
  ["payment.captured", payment("captured"), captured],
  [
    "payment.failed",
    payment("failed", { error_reason: "payment_cancelled", error_description: "They went away." }),
    ofOrder({ status: "failed", code: "payment_cancelled", reason: "They went away." }),
  ],
  ["payment.captured", payment("captured", { order_id: null }), "The payment is of no order."],
  ["order.paid", payment("captured"), captured],
  ["refund.created", refund("pending"), refunded({ status: "pending" })],
  ["refund.processed", refund("processed"), refunded({ status: "succeeded" })],
  ["refund.speed_changed", refund("processed"), refunded({ status: "succeeded" })],
  [
    "refund.failed",
    refund("failed"),
    refunded({ status: "failed", code: "refund_failed", reason: "Razorpay could not give the money back." }),
  ],
  ["payment.dispute.created", dispute("open"), disputed("needs_response")],
  ["payment.dispute.created", dispute("open", "retrieval"), disputed("warning")],
  ["payment.dispute.action_required", dispute("open"), disputed("needs_response")],
  ["payment.dispute.under_review", dispute("under_review"), disputed("under_review")],
  ["payment.dispute.won", dispute("won"), disputed("won")],
  ["payment.dispute.lost", dispute("lost", "chargeback", 500), disputed("lost")],
  ["payment.dispute.closed", dispute("closed", "fraud"), disputed("won")],
  ["payment.dispute.closed", dispute("closed", "fraud", 500), disputed("lost")],
];

describe("every type", () => {
  const passed = passedOver.flatMap(({ types }) => types);

  test("that is read has its case, and nothing else has", () => {
    const read = [...razorpayInbound.events.keys()].filter((type) => !passed.includes(type));
    expect([...new Set(CASES.map(([type]) => type))].sort()).toEqual(read.sort());
  });

  test.each(CASES)("%s says what it should: %j", (type, entities, says) => {
    expect(razorpayInbound.events.get(type)!(eventOf(type, entities))).toEqual(says);
  });

  test("that is passed over says why, in words of its own", () => {
    for (const type of passed)
      expect([type, razorpayInbound.events.get(type)!({})]).toEqual([type, expect.stringMatching(/^[A-Z].{15,}\.$/)]);
  });

  test("is in a file of events/ that is listed", () => {
    const files = readdirSync(new URL("../../src/gateways/razorpay/events", import.meta.url)).length;
    expect(RAZORPAY_READERS.length - passedOver.length + 1).toBe(files);
  });

  test("a state that Razorpay does not have is no fact", () => {
    const odd = (entities: Record<string, Json>, type: string) => () => razorpayInbound.events.get(type)!(eventOf(type, entities));
    expect(odd(dispute("settled"), "payment.dispute.won")).toThrow("dispute.status is settled");
    expect(odd(payment("paid"), "payment.captured")).toThrow("payment.status is paid");
  });
});
