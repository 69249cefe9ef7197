/** Payment methods at Stripe. The page that takes one speaks to Stripe itself: no card number comes here. */
import type { MethodGateway } from "../../billing/payments/gateway.ts";
import { refusalOf, type StripeClient, StripeRefusal, StripeSilence } from "./client.ts";
import { methodOf, OURS } from "./objects.ts";
import { record } from "./record.ts";

export function stripeMethods(client: StripeClient, publicKey: string | null): MethodGateway {
  return {
    async setup({ idempotencyKey, tenantId, customer }) {
      try {
        const intent = await client.call("setup_intents.create", "setup_intent", (stripe) =>
          stripe.setupIntents.create(
            { customer, usage: "off_session", automatic_payment_methods: { enabled: true }, metadata: { [OURS.tenant]: tenantId } },
            { idempotencyKey },
          ),
        );
        if (intent.client_secret === null) throw new StripeSilence("Stripe answered setup_intents.create without a secret.", 200);
        return { reference: intent.id, clientSecret: intent.client_secret, publicKey };
      } catch (error) {
        throw refusalOf(error);
      }
    },

    async list(customer) {
      try {
        const found = await client.call("customers.list_payment_methods", "list", (stripe) =>
          stripe.customers.listPaymentMethods(customer, { limit: 100 }),
        );
        return found.data.map((method) => methodOf(record(method)));
      } catch (error) {
        throw refusalOf(error);
      }
    },

    async find(reference) {
      try {
        const method = await client.call("payment_methods.retrieve", "payment_method", (stripe) =>
          stripe.paymentMethods.retrieve(reference),
        );
        const customer = typeof method.customer === "string" ? method.customer : (method.customer?.id ?? null);
        return customer === null ? null : { ...methodOf(record(method)), customer };
      } catch (error) {
        if (error instanceof StripeRefusal && error.status === 404) return null;
        throw refusalOf(error);
      }
    },

    async makeDefault(customer, reference) {
      try {
        await client.call("customers.update", "customer", (stripe) =>
          stripe.customers.update(customer, { invoice_settings: { default_payment_method: reference } }),
        );
      } catch (error) {
        throw refusalOf(error);
      }
    },

    async detach(reference) {
      try {
        await client.call("payment_methods.detach", "payment_method", (stripe) => stripe.paymentMethods.detach(reference));
      } catch (error) {
        // Gone, or attached to nobody any more: what was wanted.
        if (error instanceof StripeRefusal) return;
        throw refusalOf(error);
      }
    },
  };
}
