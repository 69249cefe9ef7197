/**
 * Reads at Stripe all that concerns one subscription: it, its latest invoices, and what was charged and given back for those that are not
 * known to be over. Asked anew each time, so that no event has to be believed for more than that something happened.
 */

import type { StripeClient } from "../../gateways/stripe/client.ts";
import { record } from "../../gateways/stripe/record.ts";
import { idOf, inner, instant, isObject, itemsIn, type Json, optionalText, text, whole } from "./fields.ts";
import { readInvoice } from "./invoice-shape.ts";
import type { SeenAttempt, SeenBill, SeenRefund } from "./seen.ts";
import { readSubscription, type SeenSubscription } from "./subscription-shape.ts";

/** A subscription makes an invoice a period, and what is older was mirrored when it was new. */
const LATEST = 20;
const MOST_LINES = 1_000;

export interface Fetched {
  subscription: SeenSubscription;
  bills: SeenBill[];
}

/** `isOver`: of which invoices nothing more is asked. */
export async function fetchSubscription(client: StripeClient, reference: string, isOver: (invoice: string) => boolean): Promise<Fetched> {
  const subscription = await client.call("subscriptions.retrieve", "subscription", (stripe) => stripe.subscriptions.retrieve(reference));
  const list = await client.call("invoices.list", "list", (stripe) =>
    stripe.invoices.list({ subscription: reference, limit: LATEST, expand: ["data.payments"] }),
  );
  const bills: SeenBill[] = [];
  for (const invoice of itemsIn(record(list))) bills.push(await withMoney(client, invoice, isOver));
  return {
    subscription: readSubscription(record(subscription)),
    bills: bills.sort((a, b) => a.createdAt - b.createdAt || (a.reference < b.reference ? -1 : 1)),
  };
}

async function withMoney(client: StripeClient, invoice: Json, isOver: (invoice: string) => boolean): Promise<SeenBill> {
  const seen = readInvoice(seenWhole(invoice) ? invoice : await withLines(client, invoice));
  if (isOver(seen.reference)) return { ...seen, attempts: [], refunds: [] };
  const attempts: SeenAttempt[] = [];
  const refunds: SeenRefund[] = [];
  for (const intent of intentsOf(invoice)) {
    const charges = await client.call("charges.list", "list", (stripe) => stripe.charges.list({ payment_intent: intent, limit: 100 }));
    const made = itemsIn(record(charges));
    attempts.push(...made.flatMap((charge) => readCharge(charge) ?? []));
    if (made.every((charge) => charge.amount_refunded === 0)) continue;
    const back = await client.call("refunds.list", "list", (stripe) => stripe.refunds.list({ payment_intent: intent, limit: 100 }));
    refunds.push(...itemsIn(record(back)).flatMap((refund) => readRefund(refund) ?? []));
  }
  const byTime = (a: { at: number; reference: string }, b: { at: number; reference: string }) =>
    a.at - b.at || (a.reference < b.reference ? -1 : 1);
  return { ...seen, attempts: attempts.sort(byTime), refunds: refunds.sort(byTime) };
}

const seenWhole = (invoice: Json) => inner(invoice, "lines")?.has_more !== true;

async function withLines(client: StripeClient, invoice: Json): Promise<Json> {
  const lines: Json[] = [];
  for (let after: string | undefined; lines.length < MOST_LINES; after = text(lines.at(-1)!, "id")) {
    const page = await client.call("invoices.list_line_items", "list", (stripe) =>
      stripe.invoices.listLineItems(text(invoice, "id"), { limit: 100, ...(after === undefined ? {} : { starting_after: after }) }),
    );
    lines.push(...itemsIn(page.data));
    if (!page.has_more) break;
  }
  return { ...invoice, lines: { object: "list", data: lines, has_more: false } };
}

/** By the invoice's payments since 2025, on the invoice itself before. */
export function intentsOf(invoice: Json): string[] {
  const payments = itemsIn(invoice.payments).map((payment) => idOf(inner(payment, "payment")?.payment_intent));
  return [...new Set([...payments, idOf(invoice.payment_intent)])].filter((one) => one !== null);
}

function readCharge(charge: Json): SeenAttempt | null {
  const { status } = charge;
  if (status !== "succeeded" && status !== "failed") return null;
  const outcome = isObject(charge.outcome) ? charge.outcome : {};
  return {
    reference: text(charge, "id"),
    at: instant(charge, "created"),
    amount: whole(charge, "amount"),
    currency: text(charge, "currency"),
    outcome: status,
    code: optionalText(charge, "failure_code"),
    reason: optionalText(charge, "failure_message") ?? optionalText(outcome, "seller_message"),
  };
}

function readRefund(refund: Json): SeenRefund | null {
  if (refund.status !== "succeeded") return null;
  return { reference: text(refund, "id"), at: instant(refund, "created"), amount: whole(refund, "amount") };
}
