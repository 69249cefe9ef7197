/** Charges without the person: payment intents that are made and confirmed in one call, and found again by the id that we gave them. */
import type Stripe from "stripe";
import type { ChargeOutcome, PaymentGateway } from "../../billing/payments/gateway.ts";
import { AmountNotTaken, toCharge } from "./amount.ts";
import { refusalOf, type StripeClient, StripeRefusal, StripeSilence } from "./client.ts";
import { expandedIn, idIn, intentOutcome, OURS, ours } from "./objects.ts";
import { record } from "./record.ts";

/** Clocks of two machines, and a lease or two. */
const MARGIN_SECONDS = 900;
const PAGES = 20;

type Charges = Pick<PaymentGateway, "charge" | "find"> & Required<Pick<PaymentGateway, "abandon" | "confirmation">>;

/** `publicKey`: what a page opens Stripe.js with. */
export function stripeCharges(client: StripeClient, publicKey: string | null): Charges {
  return {
    async charge(request) {
      const { idempotencyKey, tenantId, invoiceId, customer, method, currency } = request;
      if (customer === null || method === null)
        return { status: "failed", reference: null, code: "no_payment_method", reason: "The tenant has no payment method at Stripe." };
      try {
        const intent = await client.call("payment_intents.create", "payment_intent", (stripe) =>
          stripe.paymentIntents.create(
            {
              amount: toCharge(request.amountMinor, currency),
              currency,
              customer,
              payment_method: method,
              confirm: true,
              off_session: true,
              // Nobody is there who could be sent to a bank's page.
              automatic_payment_methods: { enabled: true, allow_redirects: "never" },
              ...(request.invoiceNumber === null ? {} : { description: `Invoice ${request.invoiceNumber}` }),
              metadata: { [OURS.payment]: idempotencyKey, [OURS.tenant]: tenantId, [OURS.invoice]: invoiceId },
            },
            { idempotencyKey },
          ),
        );
        return intentOutcome(record(intent));
      } catch (error) {
        return refused(error);
      }
    },

    async find(idempotencyKey, { reference, customer, sentAt }) {
      if (reference !== null) return intentOutcome(record(await retrieve(client, reference)));
      // Without a customer nothing was sent.
      if (customer === null) return null;
      // Lists are true at once; what Stripe calls search lags behind.
      let after: string | undefined;
      for (let page = 0; page < PAGES; page++) {
        const found = await client.call("payment_intents.list", "list", (stripe) =>
          stripe.paymentIntents.list({
            customer,
            limit: 100,
            ...(sentAt === null ? {} : { created: { gte: Math.floor(sentAt / 1_000) - MARGIN_SECONDS } }),
            ...(after === undefined ? {} : { starting_after: after }),
          }),
        );
        const mine = found.data.find((intent) => ours(record(intent), "payment") === idempotencyKey);
        if (mine) return intentOutcome(record(mine));
        after = found.data.at(-1)?.id;
        if (!found.has_more || after === undefined) return null;
      }
      throw new StripeSilence("Stripe has more payments of this customer than are looked through.", null);
    },

    async confirmation(reference) {
      try {
        const intent = await retrieve(client, reference);
        const read = record(intent);
        if (intentOutcome(read).status !== "requires_action" || intent.client_secret === null) return null;
        // A bank that wanted the person took the method off the intent, and the error names it.
        const error = expandedIn(read, "last_payment_error");
        const method = idIn(read, "payment_method") ?? (error && idIn(error, "payment_method"));
        return { clientSecret: intent.client_secret, publicKey, method };
      } catch (error) {
        throw refusalOf(error);
      }
    },

    async abandon(reference) {
      try {
        const intent = await client.call("payment_intents.cancel", "payment_intent", (stripe) =>
          stripe.paymentIntents.cancel(reference, { cancellation_reason: "abandoned" }, { idempotencyKey: `abandon_${reference}` }),
        );
        return intentOutcome(record(intent));
      } catch (error) {
        // It went on meanwhile: what it is now stands.
        if (error instanceof StripeRefusal) return intentOutcome(record(await retrieve(client, reference)));
        throw error;
      }
    },
  };
}

function retrieve(client: StripeClient, reference: string): Promise<Stripe.PaymentIntent> {
  return client.call("payment_intents.retrieve", "payment_intent", (stripe) => stripe.paymentIntents.retrieve(reference));
}

function refused(error: unknown): ChargeOutcome {
  if (error instanceof StripeRefusal) {
    // A card that was declined leaves an intent behind, which says why.
    if (error.intent?.object === "payment_intent") return intentOutcome(record(error.intent));
    return { status: "failed", reference: null, code: error.code, reason: error.message };
  }
  if (error instanceof AmountNotTaken) return { status: "failed", reference: null, code: "amount_not_taken", reason: error.message };
  if (error instanceof StripeSilence) return { status: "unknown", reason: error.message };
  throw error;
}
