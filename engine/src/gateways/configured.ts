/** The gateways that the settings name, in the order in which they are chosen where nobody says. */
import type { PaymentGateway } from "../billing/payments/gateway.ts";
import type { Clock } from "../clock.ts";
import type { Config } from "../config.ts";
import type { Pool } from "../db/pool.ts";
import { razorpayGateway } from "./razorpay/gateway.ts";
import { sandboxGateway } from "./sandbox/gateway.ts";
import type { StripeClient } from "./stripe/client.ts";
import { stripeGateway } from "./stripe/gateway.ts";

/** `stripe`: null where Stripe is not configured. */
export function configuredGateways(config: Config, pool: Pool, clock: Clock, stripe: StripeClient | null): PaymentGateway[] {
  return [
    ...(config.mode === "sandbox"
      ? [sandboxGateway(pool, clock, { publicUrl: config.publicUrl, withoutCard: config.sandboxWithoutCard })]
      : []),
    ...(config.stripe && stripe ? [stripeGateway(stripe, clock, config.stripe)] : []),
    ...(config.razorpay ? [razorpayGateway(config.razorpay)] : []),
  ];
}
