/** The secret of an endpoint, in the Standard Webhooks form. It is shown when it is made, and never again. */
import { randomBytes } from "node:crypto";

const BYTES = 32;

export function mintWebhookSecret(): string {
  return `whsec_${randomBytes(BYTES).toString("base64")}`;
}

/** What a sealed secret of an endpoint is bound to. */
export function aboutEndpoint(id: string): string {
  return `webhook-endpoint ${id}`;
}
