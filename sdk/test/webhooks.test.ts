/** Signatures of webhooks, against the library that defines them and its published example. */
import { Webhook } from "standardwebhooks";
import { expect, test } from "vitest";
import { forgeWebhook, verifyWebhook } from "../src/webhooks.ts";

const SECRET = `whsec_${Buffer.from("a secret of 24 bytes or so").toString("base64")}`;
const OTHER = `whsec_${Buffer.from("another secret of 24 bytes").toString("base64")}`;

test("what is forged is verified, by us and by the library", () => {
  const { body, headers } = forgeWebhook({ type: "invoice.paid", tenant_id: "acme", data: { total: 2900 } }, SECRET, { id: "msg_1" });
  const event = verifyWebhook(body, headers, SECRET);
  expect(event).toMatchObject({ type: "invoice.paid", tenant_id: "acme", data: { total: 2900 } });
  expect(new Webhook(SECRET).verify(body, headers)).toEqual(JSON.parse(body));
  expect(verifyWebhook(new TextEncoder().encode(body), new Headers(headers), SECRET)).toEqual(event);
  const shouted = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toUpperCase(), [value]]));
  expect(verifyWebhook(body, shouted, SECRET)).toEqual(event);
});

test("a secret that is rotated is verified by either", () => {
  const { body, headers } = forgeWebhook({ type: "invoice.paid" }, OTHER);
  expect(verifyWebhook(body, headers, [SECRET, OTHER]).type).toBe("invoice.paid");
});

test("what was changed, is old, is another's or is unsigned is refused", () => {
  const { body, headers } = forgeWebhook({ type: "invoice.paid" }, SECRET);
  const refused = (...args: Parameters<typeof verifyWebhook>) =>
    expect(() => verifyWebhook(...args)).toThrowError(expect.objectContaining({ code: "signature_invalid", status: 400 }));
  refused(`${body} `, headers, SECRET);
  refused(body, headers, OTHER);
  refused(body, headers, []);
  refused(body, {}, SECRET);
  refused(body, { ...headers, "webhook-id": "msg_other" }, SECRET);
  const old = forgeWebhook({ type: "invoice.paid" }, SECRET, { at: new Date(Date.now() - 600_000) });
  refused(old.body, old.headers, SECRET);
});

test("digits survive", () => {
  const body = '{"id":"evt_1","type":"usage.aggregated","data":{"value":12345678901234567.123456789}}';
  const at = new Date();
  const headers = {
    "webhook-id": "evt_1",
    "webhook-timestamp": String(Math.floor(at.getTime() / 1_000)),
    "webhook-signature": new Webhook(SECRET).sign("evt_1", at, body),
  };
  expect(verifyWebhook(body, headers, SECRET).data).toEqual({ value: "12345678901234567.123456789" });
});
