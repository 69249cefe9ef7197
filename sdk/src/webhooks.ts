/**
 * Webhooks of the engine, in the Standard Webhooks form:
 *
 *     const event = verifyWebhook(await request.text(), request.headers, secret);
 *     if (event.type === "invoice.paid") …
 */
import { Webhook, WebhookVerificationError } from "standardwebhooks";
import { BillwrightError } from "./error.ts";
import type { BillingEvent } from "./events/stream.ts";
import { parseJson, printJson } from "./json.ts";

export type { BillingEvent, BillingEventType } from "./events/stream.ts";

/** Of fetch, or of Node. */
export type WebhookHeaders = Headers | Readonly<Record<string, string | readonly string[] | undefined>>;

const NAMES = ["webhook-id", "webhook-timestamp", "webhook-signature"] as const;

/**
 * The event, when the signature is right and not older than five minutes; throws `BillwrightError` with code `signature_invalid` otherwise.
 * `body` is the text or the bytes as they came: parsing and printing them again breaks the signature. While a secret is rotated give
 * both. The same event may be delivered twice: `webhook-id` is the same then, and so is `id`.
 */
export function verifyWebhook(body: string | Uint8Array, headers: WebhookHeaders, secrets: string | readonly string[]): BillingEvent {
  const text = typeof body === "string" ? body : new TextDecoder().decode(body);
  const given = Object.fromEntries(NAMES.map((name) => [name, headerOf(headers, name)]));
  let failure: unknown = new TypeError("There is no secret to verify with.");
  for (const secret of typeof secrets === "string" ? [secrets] : secrets) {
    try {
      new Webhook(secret).verify(text, given, { jsonParse: false });
      return parseJson(text) as BillingEvent;
    } catch (error) {
      failure = error;
    }
  }
  const detail = failure instanceof WebhookVerificationError ? `${failure.message}.` : "The webhook cannot be verified.";
  throw new BillwrightError(400, { code: "signature_invalid", detail }, { cause: failure });
}

/** A delivery as the engine would send it, for your own tests: what `fetch` needs, and what `verifyWebhook` takes. */
export function forgeWebhook(
  event: Pick<BillingEvent, "type"> & Partial<BillingEvent>,
  secret: string,
  { id, at = new Date() }: { id?: string; at?: Date } = {},
): { body: string; headers: Record<string, string> } {
  const whole = {
    id: `evt_${crypto.randomUUID()}`,
    tenant_id: null,
    occurred_at: at.toISOString(),
    subject: null,
    summary: event.type,
    data: {},
    source: "engine",
    ...event,
  };
  const body = printJson(whole);
  const messageId = id ?? whole.id;
  return {
    body,
    headers: {
      "content-type": "application/json",
      "webhook-id": messageId,
      "webhook-timestamp": String(Math.floor(at.getTime() / 1_000)),
      "webhook-signature": new Webhook(secret).sign(messageId, at, body),
    },
  };
}

function headerOf(headers: WebhookHeaders, name: string): string {
  if (headers instanceof Headers) return headers.get(name) ?? "";
  const found = Object.entries(headers).find(([one]) => one.toLowerCase() === name)?.[1];
  return typeof found === "string" ? found : (found?.[0] ?? "");
}
