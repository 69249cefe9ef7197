/** Stripe behind the port: it charges methods that tenants left there, and serves pages on which they leave or use one. */
import type { PaymentGateway } from "../../billing/payments/gateway.ts";
import type { Clock } from "../../clock.ts";
import { stripeCharges } from "./charges.ts";
import { stripeCheckouts } from "./checkout.ts";
import { refusalOf, type StripeClient } from "./client.ts";
import { stripeCustomers } from "./customers.ts";
import { stripeMethods } from "./methods.ts";
import { stripeRefunds } from "./refunds.ts";
import { stripeTrace } from "./trace.ts";

export interface StripeGatewaySettings {
  publishableKey: string | null;
  /** Where the portal leads back to, where nobody says. */
  portalReturnUrl: string | null;
}

export function stripeGateway(client: StripeClient, clock: Clock, settings: StripeGatewaySettings): PaymentGateway {
  return {
    name: "stripe",
    ...stripeCharges(client, settings.publishableKey),
    ...stripeRefunds(client),
    ...stripeTrace(client),
    ...stripeCheckouts(client),
    customers: stripeCustomers(client, () => clock.now()),
    methods: stripeMethods(client, settings.publishableKey),
    async openPortal(customer, returnUrl) {
      const back = returnUrl ?? settings.portalReturnUrl;
      try {
        const session = await client.call("billing_portal.sessions.create", "billing_portal.session", (stripe) =>
          stripe.billingPortal.sessions.create({ customer, ...(back === null ? {} : { return_url: back }) }),
        );
        return { url: session.url };
      } catch (error) {
        throw refusalOf(error);
      }
    },
  };
}
