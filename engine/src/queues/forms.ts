/** The forms of messages about payments: a gateway's webhook as it came, and a report of money from outside. Pure. */
import { type Static, Type } from "typebox";
import { RECEIVED } from "../billing/invoices/receipt-view.ts";
import { invalid, invalidField } from "../errors.ts";
import { parseJson } from "../http/json.ts";
import { Closed, Text } from "../http/schema.ts";
import { faultsOf, validatorFor } from "../http/validate.ts";

export interface WebhookMessage {
  kind: "webhook";
  gateway: string;
  /** The bytes that were signed. */
  body: Buffer;
  headers: Record<string, string>;
}

/** What `POST /v1/invoices/{id}/reconcile` takes, and the invoice. */
const Report = Closed({ ...RECEIVED, invoice_id: Text(64), gateway: Type.Optional(Text(40)) });
const checkReport = validatorFor(Report, "body");
export interface ReportMessage {
  kind: "report";
  report: Static<typeof Report>;
}

/** By whose header a body is signed. */
const SIGNED_BY: Readonly<Record<string, string>> = { "stripe-signature": "stripe", "x-razorpay-signature": "razorpay" };

/**
 * A webhook comes in an envelope, `{ "headers", "body", "isBase64Encoded" }` as API gateways write it (`"gateway"` may say whose), or as
 * the body itself with the signature's header as an attribute of the message. Throws a 422 for anything else.
 */
export function readPaymentMessage(text: string, attributes: Readonly<Record<string, string>>): WebhookMessage | ReportMessage {
  const message = parseJson(text);
  if (!isRecord(message)) throw invalidField("", "must be an object");
  if (isRecord(message.headers) && typeof message.body === "string") {
    const headers = Object.fromEntries(Object.entries(message.headers).map(([name, item]) => [name.toLowerCase(), String(item)]));
    const body = Buffer.from(message.body, message.isBase64Encoded === true ? "base64" : "utf8");
    return { kind: "webhook", gateway: gatewayOf(message.gateway ?? attributes.gateway, headers), body, headers };
  }
  if ("invoice_id" in message) return reportOf(message);
  return {
    kind: "webhook",
    gateway: gatewayOf(attributes.gateway, attributes),
    body: Buffer.from(text, "utf8"),
    headers: { ...attributes },
  };
}

function gatewayOf(said: unknown, headers: Readonly<Record<string, string>>): string {
  if (typeof said === "string") return said;
  const header = Object.keys(SIGNED_BY).find((name) => name in headers);
  if (header === undefined) throw invalidField("headers", `must have the webhook's signature: ${Object.keys(SIGNED_BY).join(" or ")}`);
  return SIGNED_BY[header]!;
}

function reportOf(message: Record<string, unknown>): ReportMessage {
  // Who tells of it may be named in place of how it came.
  const report = { ...message, method: message.method ?? (message.gateway === "zoho" ? "zoho" : undefined) };
  if (!checkReport(report)) throw invalid(faultsOf(checkReport.errors ?? []));
  return { kind: "report", report: report as Static<typeof Report> };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
