/** Stripe's webhooks: how they are signed, what names them, and what each type says. */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { invalidField } from "../../errors.ts";
import { isRecord, parseJson } from "../../http/json.ts";
import { byType, type InboundAdapter } from "../../webhooks/inbound/adapter.ts";
import { STRIPE_READERS } from "./readers.ts";

const TOLERANCE_SECONDS = 300;
/** More than Stripe ever sends while secrets change hands; each costs a hash. */
const MOST_SIGNATURES = 8;
const CLIENT_SECRET = /("client_secret"\s*:\s*)"[^"\\]*"/g;

export const stripeInbound: InboundAdapter = {
  gateway: "stripe",
  secrets: (config) => config.stripeWebhookSecrets,

  verify(body, headers, secrets, now) {
    const { timestamp, signatures } = signatureHeader(headers["stripe-signature"]);
    if (timestamp === null || Math.abs(now / 1_000 - timestamp) > TOLERANCE_SECONDS) return false;
    // Each is compared with each, whichever fits.
    return secrets
      .map((secret) => createHmac("sha256", secret).update(`${timestamp}.`).update(body).digest())
      .flatMap((expected) => signatures.map((given) => timingSafeEqual(expected, given)))
      .includes(true);
  },

  envelope(body) {
    const event = parsed(body);
    const { id = createHash("sha256").update(body).digest("hex"), object = "event" } = event;
    // Without its id an event is what it says: the same bytes are the same event. It was signed, after all. The second is how Stripe tells of meters.
    if (object !== "event" && object !== "v2.core.event") throw invalidField("object", "must be event");
    if (typeof id !== "string" || !/^[\w.:-]{1,128}$/.test(id)) throw invalidField("id", "must be the id of the event");
    if (typeof event.type !== "string" || !/^[\w.-]{1,100}$/.test(event.type))
      throw invalidField("type", "must name the type of the event");
    return { eventId: id, type: event.type };
  },

  // Of an intent: whoever reads it could confirm it.
  scrub: (body) => Buffer.from(body.toString("utf8").replaceAll(CLIENT_SECRET, '$1""')),

  events: byType(STRIPE_READERS),
};

/** `t=…,v1=…,v1=…`: one time, and a signature of each secret that is in force. Other schemes are not looked at. */
function signatureHeader(header: string | string[] | undefined): { timestamp: number | null; signatures: Buffer[] } {
  const parts = typeof header === "string" ? header.split(",").map((part) => part.trim().split("=")) : [];
  const times = parts.flatMap(([name, value]) => (name === "t" && /^\d{1,12}$/.test(value ?? "") ? [Number(value)] : []));
  const signatures = parts.flatMap(([name, value]) =>
    name === "v1" && /^[0-9a-f]{64}$/.test(value ?? "") ? [Buffer.from(value!, "hex")] : [],
  );
  return { timestamp: times.length === 1 ? times[0]! : null, signatures: signatures.slice(0, MOST_SIGNATURES) };
}

function parsed(body: Buffer): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = parseJson(body.toString("utf8"));
    if (isRecord(value)) return value;
  } catch {
    // Falls through to the refusal.
  }
  throw invalidField("", "must be a JSON object");
}
