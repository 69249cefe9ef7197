/** Customers at Stripe: made by the key of our row, and found again by that id in what was made since, not by a search that lags behind. */
import type { CustomerGateway } from "../../billing/payments/gateway.ts";
import { refusalOf, type StripeClient, StripeRefusal } from "./client.ts";
import { idIn, OURS, objectIn, ours } from "./objects.ts";
import { record } from "./record.ts";

/** For so long a key answers what it answered first. */
const KEY_MS = 23 * 3_600_000;
const MARGIN_SECONDS = 900;

export function stripeCustomers(client: StripeClient, now: () => number): CustomerGateway {
  return {
    async create({ idempotencyKey, tenantId, since }) {
      try {
        const lost = now() - since > KEY_MS ? await made(client, idempotencyKey, since) : null;
        if (lost !== null) return { reference: lost };
        // The same words for the same key, always: who they are is told afterwards.
        const customer = await client.call("customers.create", "customer", (stripe) =>
          stripe.customers.create({ metadata: { [OURS.customer]: idempotencyKey, [OURS.tenant]: tenantId } }, { idempotencyKey }),
        );
        return { reference: customer.id };
      } catch (error) {
        throw refusalOf(error);
      }
    },

    async update(reference, { name, email, address }) {
      try {
        await client.call("customers.update", "customer", (stripe) =>
          stripe.customers.update(reference, {
            name: name ?? "",
            email: email ?? "",
            address:
              address === null
                ? ""
                : {
                    line1: address.line1 ?? "",
                    line2: address.line2 ?? "",
                    city: address.city ?? "",
                    state: address.state ?? "",
                    postal_code: address.postalCode ?? "",
                    country: address.country ?? "",
                  },
          }),
        );
      } catch (error) {
        throw refusalOf(error);
      }
    },

    async find(reference) {
      try {
        const customer = record(await client.call("customers.retrieve", "customer", (stripe) => stripe.customers.retrieve(reference)));
        if (customer.deleted === true) return null;
        const settings = customer.invoice_settings == null ? {} : objectIn(customer.invoice_settings, "invoice_settings");
        return { reference, defaultMethod: idIn(settings, "default_payment_method") };
      } catch (error) {
        if (error instanceof StripeRefusal && error.status === 404) return null;
        throw refusalOf(error);
      }
    },
  };
}

/** A call whose answer was lost longer ago than its key is kept: what it made, if anything. */
async function made(client: StripeClient, key: string, since: number): Promise<string | null> {
  const from = Math.floor(since / 1_000) - MARGIN_SECONDS;
  let after: string | undefined;
  for (;;) {
    const found = await client.call("customers.list", "list", (stripe) =>
      stripe.customers.list({
        created: { gte: from, lte: from + 2 * MARGIN_SECONDS + KEY_MS / 1_000 },
        limit: 100,
        ...(after === undefined ? {} : { starting_after: after }),
      }),
    );
    const mine = found.data.find((customer) => ours(record(customer), "customer") === key);
    if (mine) return mine.id;
    after = found.data.at(-1)?.id;
    if (!found.has_more || after === undefined) return null;
  }
}
