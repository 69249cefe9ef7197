/**
 * The errand that undoes what began on a page although it could not be, since the tenant had subscribed meanwhile: it is ended at Stripe, and
 * what was paid for it goes back. Each call is by a key of its own or does nothing the second time, so that it may be done again until it is whole.
 */
import { claimUndos, noteUndo } from "../../billing/payments/checkout-store.ts";
import type { Context } from "../../context.ts";
import { onPlatform } from "../../db/pool.ts";
import { StripeRefusal } from "../../gateways/stripe/client.ts";
import { OURS } from "../../gateways/stripe/objects.ts";
import { record } from "../../gateways/stripe/record.ts";
import { intentsOf } from "./fetch.ts";
import { itemsIn } from "./fields.ts";
import type { StripeParts } from "./parts.ts";
import { readSubscription } from "./subscription-shape.ts";

const BATCH = 20;
/** After which it is tried again, whoever died or was not answered. */
const AGAIN_MS = 300_000;

/** Answers how many were tried. */
export async function undoDue(ctx: Context, parts: StripeParts): Promise<number> {
  const now = ctx.clock.now();
  const rows = await claimUndos(ctx.pool, now, now + AGAIN_MS, BATCH);
  for (const row of rows) {
    const { undo_reference: reference } = row;
    if (reference === null) continue;
    try {
      if (await undo(parts, row.id, reference)) await noteUndo(onPlatform(ctx.pool), row, { reference, at: null });
    } catch (error) {
      ctx.log.warn({ err: error, checkout: row.id, subscription: reference }, "what began on a page could not be undone at Stripe yet");
    }
  }
  return rows.length;
}

/** False while money is on its way that can be given back only once it is there. */
async function undo({ client }: StripeParts, key: string, reference: string): Promise<boolean> {
  const found = await client.call("subscriptions.retrieve", "subscription", (stripe) => stripe.subscriptions.retrieve(reference));
  if (readSubscription(record(found)).endedAt === null)
    await client.call("subscriptions.cancel", "subscription", (stripe) =>
      stripe.subscriptions.cancel(reference, { cancellation_details: { comment: "The customer had subscribed meanwhile." } }),
    );
  const invoices = await client.call("invoices.list", "list", (stripe) =>
    stripe.invoices.list({ subscription: reference, limit: 100, expand: ["data.payments"] }),
  );
  let whole = true;
  for (const intent of itemsIn(record(invoices)).flatMap(intentsOf)) {
    const { status } = await client.call("payment_intents.retrieve", "payment_intent", (stripe) => stripe.paymentIntents.retrieve(intent));
    if (status === "processing") whole = false;
    if (status === "succeeded") await giveBack(client, key, intent);
  }
  return whole;
}

async function giveBack(client: StripeParts["client"], key: string, intent: string): Promise<void> {
  try {
    await client.call("refunds.create", "refund", (stripe) =>
      stripe.refunds.create({ payment_intent: intent, metadata: { [OURS.checkout]: key } }, { idempotencyKey: `${key}-${intent}` }),
    );
  } catch (error) {
    if (!(error instanceof StripeRefusal) || error.code !== "charge_already_refunded") throw error;
  }
}
