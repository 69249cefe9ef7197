/** Razorpay's webhooks: how they are signed, what names them, and what each type says. */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { invalidField } from "../../errors.ts";
import { isRecord, parseJson } from "../../http/json.ts";
import { byType, type InboundAdapter } from "../../webhooks/inbound/adapter.ts";
import { RAZORPAY_READERS } from "./readers.ts";

export const razorpayInbound: InboundAdapter = {
  gateway: "razorpay",
  secrets: (config) => config.razorpayWebhookSecrets,

  verify(body, headers, secrets) {
    const given = headers["x-razorpay-signature"];
    if (typeof given !== "string" || !/^[0-9a-f]{64}$/.test(given)) return false;
    const signature = Buffer.from(given, "hex");
    // Each is reckoned, whichever fits.
    return secrets.map((secret) => timingSafeEqual(createHmac("sha256", secret).update(body).digest(), signature)).includes(true);
  },

  envelope(body, headers) {
    const event = parsed(body);
    if (typeof event.event !== "string" || !/^[\w.-]{1,100}$/.test(event.event))
      throw invalidField("event", "must name the type of the event");
    const id = headers["x-razorpay-event-id"];
    // Without its id an event is what it says: the same bytes are the same event.
    const eventId = typeof id === "string" && /^[\w.:-]{1,128}$/.test(id) ? id : createHash("sha256").update(body).digest("hex");
    return { eventId, type: event.event };
  },

  events: byType(RAZORPAY_READERS),
};

function parsed(body: Buffer): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = parseJson(body.toString("utf8"));
    if (isRecord(value)) return value;
  } catch {
    // Falls through to the refusal.
  }
  throw invalidField("", "must be a JSON object");
}
