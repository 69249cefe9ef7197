/** Stripe's events over SQS: each applied once, whichever ways it comes and however often; what is not Stripe's word is put aside. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { takeMessages } from "../../src/queues/messages.ts";
import { succeed } from "../stripe/resources/payment-intents.ts";
import type { Json } from "../stripe/server.ts";
import { createSetting, type Setting } from "../stripe/setting.ts";
import { signature } from "../stripe/signing.ts";
import { type Sqs, sqsSettings, startSqs, until } from "./sqs.ts";

let sqs: Sqs;
let setting: Setting;
let url: string;

beforeAll(async () => {
  sqs = await startSqs();
  url = await sqs.create("billing-stripe-events");
  setting = await createSetting({ sqs: sqsSettings(sqs, { stripeUrl: url, maxReceives: 1, readers: 2 }) }, { worker: true });
});
afterAll(async () => {
  expect(setting.stripe.objections).toEqual([]);
  expect(await setting.wrong()).toEqual([]);
  await setting?.close();
  await sqs?.stop();
});

const seconds = () => Math.floor(Date.now() / 1_000);
const stored = async (id: unknown) => {
  const { rows } = await setting.world.owner.query("select state, deliveries from inbound_events where event_id = $1", [id]);
  return rows as { state: string; deliveries: number }[];
};
const putAside = async () =>
  (await setting.world.owner.query("select last_error from graphile_worker.jobs where task_identifier = 'take-messages'")).rows.map((row) =>
    String(row.last_error),
  );
const empty = () => until(async () => Object.values(await sqs.left(url)).every((count) => count === 0));

/** A charge of ours that is on its way at the bank; the events that say that it came. */
async function paidByBank(tenant: string): Promise<{ invoice: string; events: Json[] }> {
  await setting.payer(tenant, "pm_usBankAccount_processing");
  // The worker has the method's event, and then the charge.
  await until(async () => (await setting.world.must("GET", `/v1/tenants/${tenant}/payment-methods`)).items.length === 1);
  const { id } = await setting.bill(tenant);
  await until(async () => (await setting.payments(tenant))[0]?.status === "pending");
  const from = setting.stripe.events.length;
  const [payment] = await setting.payments(tenant);
  succeed(setting.stripe, setting.stripe.objects.get(payment.gateway_reference) as Json & { id: string });
  return { invoice: id, events: setting.stripe.events.slice(from) };
}

test("enveloped, bare, twice, and by HTTP as well: the invoice is paid once", { timeout: 60_000 }, async () => {
  const { invoice, events } = await paidByBank("queued");
  for (const event of events) {
    const body = JSON.stringify(event);
    const headers = { "Stripe-Signature": signature(body, seconds()) };
    await sqs.send(url, { headers, body });
    await sqs.send(url, { headers, body: Buffer.from(body).toString("base64"), isBase64Encoded: true });
    await sqs.send(url, body, { attributes: headers });
    await setting.deliver(event);
  }
  await until(async () =>
    (await Promise.all(events.map((event) => stored(event.id)))).every(([row]) => row?.state === "done" && row.deliveries === 4),
  );
  expect(await setting.invoice(invoice)).toMatchObject({ status: "paid", amount_paid: 4_200 });
  expect(await setting.payments("queued")).toMatchObject([{ status: "succeeded" }]);
  expect((await setting.timeline("queued")).filter((event) => event.endsWith("payment.succeeded"))).toEqual(["stripe payment.succeeded"]);
  await empty();
  expect(await putAside()).toEqual([]);
});

test("tampered with, or signed long before it was sent: put aside with the reason, and nothing is stored", {
  timeout: 60_000,
}, async () => {
  const { invoice, events } = await paidByBank("forged");
  const body = JSON.stringify(events.at(-1));
  const more = body.replace('"amount_received":4200', '"amount_received":9900');
  expect(more).not.toBe(body);
  await sqs.send(url, { headers: { "Stripe-Signature": signature(body, seconds()) }, body: more });
  await sqs.send(url, body, { attributes: { "Stripe-Signature": signature(body, seconds() - 400) } });
  await sqs.send(url, body, { attributes: { "Stripe-Signature": signature(body, seconds(), "whsec_of_somebody_else") } });
  await until(async () => (await putAside()).filter((reason) => reason.includes("signature")).length === 3);
  await empty();
  expect([await stored(events.at(-1)!.id), (await setting.invoice(invoice)).status]).toEqual([[], "open"]);
});

test("signed when it was sent, and taken an hour later: a signature does not grow stale in the queue", async () => {
  const { invoice, events } = await paidByBank("waited");
  const { ctx } = setting.world.billing;
  const sentAt = Date.now() - 3_600_000;
  const body = JSON.stringify(events.at(-1));
  const attributes = { "stripe-signature": signature(body, Math.floor(sentAt / 1_000)) };
  // Without the queue's own time of it, it is judged by now.
  expect(await takeMessages(ctx, "stripe", [{ id: "1", body, attributes, sentAt: null }])).toMatchObject([{ code: "signature_invalid" }]);
  expect(await takeMessages(ctx, "stripe", [{ id: "1", body, attributes, sentAt }])).toEqual([null]);
  await until(async () => (await setting.invoice(invoice)).status === "paid");
});
