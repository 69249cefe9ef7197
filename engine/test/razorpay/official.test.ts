/**
 * Razorpay's own samples and signature vectors, where a checkout of this project has them beside it (RAZORPAY_FIXTURES, else
 * ../shared/fixtures/razorpay). Elsewhere this suite says that it is not run; everything that it proves of ours is proved by the others, too.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { itemsIn, paymentOutcome, refundOutcome } from "../../src/gateways/razorpay/entities.ts";
import { razorpayInbound } from "../../src/gateways/razorpay/inbound.ts";
import { createSetting, type Setting } from "./setting.ts";

const FOLDER = process.env.RAZORPAY_FIXTURES ?? new URL("../../../../shared/fixtures/razorpay", import.meta.url).pathname;
const there = existsSync(FOLDER);
const bytes = (path: string) => readFileSync(`${FOLDER}/${path}`);
const json = (path: string) => JSON.parse(bytes(path).toString("utf8"));

test("the official samples", ({ skip }) => {
  if (!there) skip(`not here: ${FOLDER}`);
  expect(readdirSync(`${FOLDER}/webhooks`).length).toBeGreaterThan(30);
});

describe.runIf(there)("official samples", () => {
  let setting: Setting;
  beforeAll(async () => {
    setting = await createSetting();
  });
  afterAll(() => setting.close());

  test("the signature vector of its own SDK", () => {
    const { body, secret, signature } = json("signature-vectors.json").webhook;
    const verify = (text: string, given: string, secrets = [secret]) =>
      razorpayInbound.verify(Buffer.from(text), { "x-razorpay-signature": given }, secrets, 0);
    expect(verify(body, signature)).toBe(true);
    expect(verify(body, signature, ["another", secret])).toBe(true);
    expect([verify(`${body} `, signature), verify(body, signature, ["another"]), verify(body, signature.toUpperCase())]).toEqual([
      false,
      false,
      false,
    ]);
  });

  // What each sample says, read off it by hand.
  const FACTS: [string, object | string][] = [
    [
      "payment.authorized.json",
      { kind: "order_payment", orderReference: "order_DESlLckIVRkHWj", outcome: { status: "pending", reference: "pay_DESlfW9H8K9uqM" } },
    ],
    [
      "payment.captured.json",
      {
        kind: "order_payment",
        orderReference: "order_DESoU0U4ikYA19",
        outcome: { status: "succeeded", reference: "pay_DESp9bgForNoUd", amountMinor: 100n, currency: "inr" },
      },
    ],
    [
      "order.paid.json",
      {
        kind: "order_payment",
        orderReference: "order_DESlLckIVRkHWj",
        outcome: { status: "succeeded", reference: "pay_DESlfW9H8K9uqM", amountMinor: 100n, currency: "inr" },
      },
    ],
    [
      "payment.failed.json",
      {
        kind: "order_payment",
        orderReference: "order_DEATVTRRctwEGb",
        outcome: { status: "failed", reference: "pay_DEAU825sJlCbGa", code: "payment_failed", reason: "Payment failed" },
      },
    ],
    [
      "refund.processed.json",
      {
        kind: "refund",
        refundId: null,
        of: { payment: "pay_FPoJKWQQ8lK13n" },
        amountMinor: 50_000n,
        currency: "inr",
        outcome: { status: "succeeded", reference: "rfnd_FS8TWyPrCsa0OB" },
      },
    ],
    [
      "refund.failed.json",
      {
        kind: "refund",
        refundId: null,
        amountMinor: 50_000n,
        currency: "inr",
        outcome: { status: "failed", reference: "rfnd_FS8TWyPrCsa0OB" },
      },
    ],
    [
      "payment.dispute.lost.json",
      {
        kind: "dispute",
        of: { payment: "pay_EFtmUsbwpXwBHI" },
        report: {
          reference: "disp_EsIAlDcoUr8CaQ",
          status: "lost",
          reason: "processed_invalid_expired_card",
          amountMinor: 39_000n,
          currency: "inr",
        },
      },
    ],
    ["payment.dispute.created.json", { kind: "dispute", report: { status: "needs_response" } }],
    ["payment.dispute.under_review.json", { kind: "dispute", report: { status: "under_review" } }],
    ["payment.dispute.won.json", { kind: "dispute", report: { status: "won" } }],
    // An inquiry that came to nothing: nothing was deducted.
    ["payment.dispute.closed.json", { kind: "dispute", report: { status: "won" } }],
  ];
  test.each(FACTS)("%s is the fact that it tells", (file, fact) => {
    const event = json(`webhooks/${file}`);
    expect(razorpayInbound.events.get(event.event)!(event)).toMatchObject(fact as object);
  });

  test("every sample is taken in; those of our types are read, the others ignored by name", async () => {
    const files = readdirSync(`${FOLDER}/webhooks`);
    for (const file of files) expect([file, (await setting.deliver(bytes(`webhooks/${file}`), file)).status]).toEqual([file, 200]);
    await setting.dispatch();
    for (const file of files) {
      const { type, state, last_error } = await setting.inbound(file);
      expect([file, type, state]).toEqual([file, file.replace(/(\.\d)?\.json$/, ""), "ignored"]);
      const known = razorpayInbound.events.has(type);
      expect([file, last_error === "Nothing is done about events of this type."]).toEqual([file, !known]);
    }
  });

  test("its captured sample pays an invoice of ours over the amount that it says", async () => {
    const invoice = await setting.invoice("official", 100);
    await setting.order(invoice.id);
    await setting.world.owner.query("update payment_orders set gateway_reference = 'order_DESoU0U4ikYA19' where invoice_id = $1", [
      invoice.id,
    ]);
    await setting.deliver(bytes("webhooks/payment.captured.json"), "official");
    await setting.dispatch();
    expect(await setting.world.must("GET", `/v1/invoices/${invoice.id}`)).toMatchObject({
      status: "paid",
      amount_paid: 100,
      amount_due: 0,
    });
    expect(await setting.payments("official")).toMatchObject([{ gateway_reference: "pay_DESp9bgForNoUd", amount_received: 100 }]);
  });

  test("payments of an order, and refunds, are read as its API answers them", () => {
    const outcomes = itemsIn(json("api/orders.fetch-payments.collection.json")).map(paymentOutcome);
    expect(outcomes).toMatchObject([
      { status: "failed", reference: "pay_N8FUmetkCE2hZP", code: "payment_failed" },
      { status: "succeeded", reference: "pay_N8FVRD1DzYzBh1", amountMinor: 100n, currency: "inr" },
    ]);
    expect(refundOutcome(json("api/refunds.normal-refunds-idempotent.refund.json"))).toEqual({
      status: "succeeded",
      reference: "rfnd_FP8QHiV938haTz",
    });
  });
});
