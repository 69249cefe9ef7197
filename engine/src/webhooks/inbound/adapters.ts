/** The gateways that are listened to: one line each. */
import { razorpayInbound } from "../../gateways/razorpay/inbound.ts";
import { stripeInbound } from "../../gateways/stripe/inbound.ts";
import type { InboundAdapter } from "./adapter.ts";

const ADAPTERS: readonly InboundAdapter[] = [razorpayInbound, stripeInbound];

export function findAdapter(gateway: string): InboundAdapter | null {
  return ADAPTERS.find((adapter) => adapter.gateway === gateway) ?? null;
}
