/** A deed of Stripe's events: their types by the names of the SDK, so that none is misspelt. */
import type Stripe from "stripe";
import type { EventReader } from "../../webhooks/inbound/adapter.ts";

export interface StripeReader extends EventReader {
  types: readonly (Stripe.Event["type"] | Stripe.V2.Core.EventNotification["type"])[];
}
