/** Payments over SQS: webhooks by their signature, reports of transfers by their reference, each once however often it comes. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { createSetting, eventOf, type Setting, sign } from "../razorpay/setting.ts";
import { type Sqs, sqsSettings, startSqs, until } from "./sqs.ts";

let sqs: Sqs;
let setting: Setting;
let url: string;
let stripe: string;

beforeAll(async () => {
  sqs = await startSqs();
  url = await sqs.create("payments.fifo", { FifoQueue: "true" });
  stripe = await sqs.create("stripe");
  setting = await createSetting(
    { sqs: sqsSettings(sqs, { paymentUrl: url, stripeUrl: stripe, maxReceives: 1, readers: 1 }) },
    { worker: true },
  );
});
afterAll(async () => {
  await setting?.close();
  await sqs?.stop();
});

let sent = 0;
const send = (body: unknown, attributes: Record<string, string> = {}) =>
  sqs.send(url, body, { attributes, group: "acme", dedup: String(sent++) });
const status = async (id: string) => (await setting.world.must("GET", `/v1/invoices/${id}`)).status as string;
const putAside = async () =>
  (
    await setting.world.owner.query(
      "select last_error from graphile_worker.jobs where task_identifier = 'take-messages' and last_error is not null",
    )
  ).rows.map((row) => row.last_error as string);

test("a webhook settles its invoice, in an envelope or bare, once; one that is not signed is put aside", { timeout: 60_000 }, async () => {
  const { world, razorpay } = setting;
  const [invoice, other] = [await setting.invoice("acme"), await setting.invoice("globex")];
  const paid = async (id: string) =>
    JSON.stringify(eventOf("payment.captured", { payment: razorpay.pay((await setting.order(id)).order_id) }));
  const [body, bare] = [await paid(invoice.id), await paid(other.id)];
  const headers = { "X-Razorpay-Signature": sign(body), "X-Razorpay-Event-Id": "enveloped" };
  await send(bare, { "x-razorpay-signature": sign(bare).replace(/^./, "z"), "x-razorpay-event-id": "forged" });
  await send({ headers, body });
  await send({ gateway: "razorpay", headers, body: Buffer.from(body).toString("base64"), isBase64Encoded: true });
  await send(bare, { "X-Razorpay-Signature": sign(bare), "X-Razorpay-Event-Id": "bare" });
  await until(async () => (await status(invoice.id)) === "paid" && (await status(other.id)) === "paid");
  await until(async () => (await setting.inbound("enveloped")).deliveries === 2);
  await until(async () => (await putAside()).length === 1);
  expect([(await putAside())[0], (await setting.payments("acme")).length, (await setting.payments("globex")).length]).toEqual([
    expect.stringContaining("signature"),
    1,
    1,
  ]);
  const { items } = await world.must("GET", "/v1/inbound-events");
  expect(items.map((event: { event_id: string }) => event.event_id).sort()).toEqual(["bare", "enveloped"]);
});

test("a report of a transfer counts once, and one that says nonsense is told which field", { timeout: 60_000 }, async () => {
  const invoice = await setting.invoice("initech");
  const report = { invoice_id: invoice.id, gateway: "zoho", reference: "ZP-1", amount: 50_000, received_at: "2026-01-05T00:00:00Z" };
  await send({ ...report, amount: "much" });
  await send(report);
  await send(report);
  await until(async () => (await status(invoice.id)) === "paid");
  await until(async () => (await putAside()).some((reason) => reason.startsWith("amount:")));
  await until(async () => Object.values(await sqs.left(url)).every((count) => count === 0));
  expect([(await setting.payments("initech")).length, await setting.wrong()]).toEqual([1, []]);
});

test("Stripe's queue takes webhooks of Stripe's alone", { timeout: 60_000 }, async () => {
  const before = (await putAside()).length;
  await sqs.send(stripe, { id: "evt_1", object: "event", type: "invoice.paid" }, { attributes: { "Stripe-Signature": "t=1,v1=00" } });
  await sqs.send(stripe, { invoice_id: "inv_x" });
  await until(async () => (await putAside()).length === before + 2);
  await until(async () => Object.values(await sqs.left(stripe)).every((count) => count === 0));
});
