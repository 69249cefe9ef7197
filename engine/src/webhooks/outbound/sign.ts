/** The headers of a delivery, in the Standard Webhooks form: a signature by each secret that holds, the newest first. */
import { Webhook } from "standardwebhooks";

export function signedHeaders(message: { id: string; body: string; atMs: number }, secrets: readonly string[]): Record<string, string> {
  const at = new Date(message.atMs);
  return {
    "content-type": "application/json",
    "webhook-id": message.id,
    "webhook-timestamp": String(Math.floor(message.atMs / 1_000)),
    "webhook-signature": secrets.map((secret) => new Webhook(secret).sign(message.id, at, message.body)).join(" "),
  };
}
