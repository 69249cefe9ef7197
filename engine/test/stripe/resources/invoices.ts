/** Invoices: made of a subscription's items, finalized, collected from the customer's card, paid elsewhere, voided. */
import { found, type Json, missing, type Route, refuse, type State } from "../resource.ts";
import { confirm, newIntent } from "./payment-intents.ts";
import { cardOf } from "./payment-methods.ts";
import { metered } from "./prices.ts";

export type Thing = Json & { id: string };

export const invoiceOf = (stripe: State, id: string): Thing | null => {
  const object = stripe.objects.get(id);
  return object?.object === "invoice" ? (object as Thing) : null;
};

export interface LineAsk {
  item: Json;
  period: { start: number; end: number };
  /** The part of a full period, and whether it is given back. */
  share?: number;
  back?: boolean;
  quantity?: number;
}

export function lineOf(stripe: State, subscription: string | null, { item, period, share, back = false, quantity }: LineAsk): Thing {
  const prorated = share !== undefined;
  const price = item.price as Json;
  const count = quantity ?? Number(item.quantity ?? 1);
  const whole = Number(price.unit_amount ?? 0) * count;
  const amount = Math.round(whole * (share ?? 1)) * (back ? -1 : 1);
  return {
    id: stripe.id("il"),
    object: "line_item",
    amount,
    currency: price.currency,
    description: `${count} × ${String(price.nickname ?? price.id)}`,
    discount_amounts: [],
    discountable: true,
    discounts: [],
    livemode: false,
    metadata: {},
    parent: {
      invoice_item_details: null,
      subscription_item_details: {
        invoice_item: null,
        proration: prorated,
        proration_details: { credited_items: null },
        subscription,
        subscription_item: item.id,
      },
      type: "subscription_item_details",
    },
    period,
    pretax_credit_amounts: [],
    pricing: {
      price_details: { price: price.id, product: price.product },
      type: "price_details",
      unit_amount_decimal: String(price.unit_amount ?? 0),
    },
    quantity: Math.floor(count),
    quantity_decimal: String(count),
    taxes: [],
  };
}

/** What the items cost in advance for a period, and by their meters for the one before. */
export function regularLines(
  stripe: State,
  subscription: Thing,
  ahead: { start: number; end: number },
  before: { start: number; end: number } | null,
): Thing[] {
  const items = (subscription.items as { data: Json[] }).data;
  return items.flatMap((item) => {
    const { meter } = (item.price as { recurring: Json }).recurring;
    if (!meter) return [lineOf(stripe, subscription.id, { item, period: ahead })];
    if (!before) return [];
    const event = stripe.objects.get(String(meter))?.event_name;
    const quantity = metered(stripe, subscription.customer, event, before.start, before.end);
    return [lineOf(stripe, subscription.id, { item, period: before, quantity })];
  });
}

export function newInvoice(
  stripe: State,
  subscription: Thing,
  reason: string,
  lines: Thing[],
  period: { start: number; end: number },
  put = true,
): Thing {
  const subtotal = lines.reduce((sum, line) => sum + Number(line.amount), 0);
  const id = put ? stripe.id("in") : "upcoming_in";
  const due = Math.max(subtotal, 0);
  const send = subscription.collection_method === "send_invoice";
  const invoice: Thing = {
    id,
    object: "invoice",
    amount_due: due,
    amount_overpaid: 0,
    amount_paid: 0,
    amount_remaining: due,
    amount_shipping: 0,
    attempt_count: 0,
    attempted: false,
    auto_advance: true,
    automatic_tax: { enabled: false, status: null },
    billing_reason: reason,
    collection_method: subscription.collection_method,
    created: stripe.now,
    currency: subscription.currency,
    customer: subscription.customer,
    default_tax_rates: [],
    discounts: [],
    due_date: send ? stripe.now + 14 * 86_400 : null,
    ending_balance: null,
    hosted_invoice_url: null,
    invoice_pdf: null,
    lines: { object: "list", data: lines, has_more: false, total_count: lines.length, url: `/v1/invoices/${id}/lines` },
    livemode: false,
    metadata: {},
    next_payment_attempt: null,
    number: null,
    parent: {
      quote_details: null,
      subscription_details: { metadata: subscription.metadata, subscription: subscription.id },
      type: "subscription_details",
    },
    payments: { object: "list", data: [], has_more: false, url: `/v1/invoice_payments` },
    period_end: period.end,
    period_start: period.start,
    post_payment_credit_notes_amount: 0,
    pre_payment_credit_notes_amount: 0,
    starting_balance: 0,
    status: "draft",
    status_transitions: { finalized_at: null, marked_uncollectible_at: null, paid_at: null, voided_at: null },
    subtotal,
    total: subtotal,
    total_discount_amounts: [],
    total_taxes: [],
    webhooks_delivered_at: null,
  };
  if (!put) return invoice;
  stripe.put(invoice);
  subscription.latest_invoice = id;
  stripe.emit("invoice.created", invoice);
  return invoice;
}

/** What the customer's balance takes off the invoice, or puts on it, when it is finalized. */
function applyBalance(stripe: State, invoice: Thing): void {
  const customer = stripe.objects.get(String(invoice.customer));
  const balance = Number(customer?.balance ?? 0);
  const change = balance < 0 ? Math.max(balance, -Number(invoice.total)) : balance;
  if (!customer || change === 0 || Number(invoice.total) <= 0) return;
  const due = Number(invoice.total) + change;
  Object.assign(invoice, { starting_balance: balance, ending_balance: balance - change, amount_due: due, amount_remaining: due });
  moveBalance(stripe, customer as Thing, { amount: -change, type: "applied_to_invoice", invoice: invoice.id });
}

export function moveBalance(stripe: State, customer: Thing, movement: Json): Thing {
  const balance = Number(customer.balance) + Number(movement.amount);
  Object.assign(customer, { balance, currency: customer.currency ?? "usd", invoice_credit_balance: { usd: balance } });
  return stripe.put<Thing>({
    id: stripe.id("cbtxn"),
    object: "customer_balance_transaction",
    created: stripe.now,
    credit_note: null,
    currency: "usd",
    customer: customer.id,
    description: null,
    ending_balance: balance,
    invoice: null,
    livemode: false,
    metadata: {},
    type: "adjustment",
    ...movement,
  });
}

export function finalize(stripe: State, invoice: Thing): void {
  const count = stripe.all("invoice").length;
  applyBalance(stripe, invoice);
  Object.assign(invoice, {
    status: "open",
    number: `LOOP-${String(count).padStart(4, "0")}`,
    hosted_invoice_url: `https://invoice.stripe.com/i/${invoice.id}`,
    invoice_pdf: `https://pay.stripe.com/invoice/${invoice.id}/pdf`,
  });
  (invoice.status_transitions as Json).finalized_at = stripe.now;
  stripe.emit("invoice.finalized", invoice);
}

/** Charges the card of the subscription, or the customer's default; what is nothing is paid. Answers whether it is paid. `there`: the person is. */
export function collect(stripe: State, invoice: Thing, there = false): boolean {
  if (invoice.amount_remaining === 0) return markPaid(stripe, invoice, false);
  const customer = stripe.objects.get(String(invoice.customer)) as Json;
  const { subscription } = ((invoice.parent as Json).subscription_details ?? {}) as Json;
  const own = stripe.objects.get(String(subscription))?.default_payment_method ?? null;
  const method = own ?? (customer.invoice_settings as Json).default_payment_method;
  const card = typeof method === "string" ? cardOf(stripe, method) : null;
  const payments = (invoice.payments as { data: Json[] }).data;
  const known = payments[0] && ((payments[0].payment as Json).payment_intent as string);
  const intent = known
    ? (stripe.objects.get(known) as Thing)
    : newIntent(stripe, {
        amount: invoice.amount_remaining,
        currency: invoice.currency,
        customer: invoice.customer,
        payment_method: method ?? null,
      });
  if (!known)
    payments.push({
      id: stripe.id("inpay"),
      object: "invoice_payment",
      amount_paid: null,
      amount_requested: invoice.amount_remaining,
      created: stripe.now,
      currency: invoice.currency,
      invoice: invoice.id,
      is_default: true,
      payment: { type: "payment_intent", payment_intent: intent.id },
      status: "open",
    });
  Object.assign(invoice, { attempted: true, attempt_count: Number(invoice.attempt_count) + 1 });
  const error = card === null ? { code: "missing_payment_method" } : confirm(stripe, intent, card, there);
  if (error === null) return markPaid(stripe, invoice, false);
  invoice.next_payment_attempt = stripe.now + 3 * 86_400;
  stripe.emit("invoice.payment_failed", invoice);
  return false;
}

export function markPaid(stripe: State, invoice: Thing, outside: boolean): boolean {
  Object.assign(invoice, {
    status: "paid",
    amount_paid: invoice.amount_due,
    amount_remaining: 0,
    next_payment_attempt: null,
    ...(outside ? { amount_paid_off_stripe: invoice.amount_due } : {}),
  });
  (invoice.status_transitions as Json).paid_at = stripe.now;
  for (const payment of (invoice.payments as { data: Json[] }).data)
    Object.assign(payment, { status: "paid", amount_paid: invoice.amount_paid });
  stripe.emit("invoice.paid", invoice);
  stripe.emit("invoice.payment_succeeded", invoice);
  return true;
}

/** What is told of it alone: while it is open, the secret that its payment is confirmed with. */
function withSecret(stripe: State, invoice: Thing): Thing {
  const [payment] = (invoice.payments as { data: Json[] }).data;
  const intent = payment && stripe.objects.get(String((payment.payment as Json).payment_intent));
  const open = invoice.status === "open" && intent !== undefined;
  return { ...invoice, confirmation_secret: open ? { client_secret: intent.client_secret, type: "payment_intent" } : null };
}

const settled = (invoice: Thing) => refuse(400, { message: `Invoice is ${String(invoice.status)}.` });

export const invoices: readonly Route[] = [
  {
    method: "GET",
    path: "/v1/invoices",
    act: (call, stripe) =>
      stripe.list(
        stripe.all("invoice").filter((one) => {
          const details = (one.parent as { subscription_details: Json | null } | null)?.subscription_details;
          const fits = (name: string, value: unknown) => call.form[name] === undefined || value === call.form[name];
          return fits("subscription", details?.subscription) && fits("customer", one.customer);
        }),
        call,
        "/v1/invoices",
      ),
  },
  {
    method: "GET",
    path: "/v1/invoices/*",
    act: ({ ids: [id] }, stripe) => (invoiceOf(stripe, id!) ? found(withSecret(stripe, invoiceOf(stripe, id!)!)) : missing("invoice", id!)),
  },
  {
    method: "POST",
    path: "/v1/invoices",
    act({ form }, stripe) {
      const own = {
        id: "",
        customer: form.customer,
        currency: form.currency ?? "usd",
        collection_method: form.collection_method,
        metadata: {},
      };
      const invoice = newInvoice(stripe, own as Thing, "manual", [], { start: stripe.now, end: stripe.now });
      Object.assign(invoice, { parent: null, metadata: form.metadata ?? {}, due_date: form.due_date ? Number(form.due_date) : null });
      return found(invoice);
    },
  },
  {
    method: "POST",
    path: "/v1/invoiceitems",
    act({ form }, stripe) {
      const invoice = invoiceOf(stripe, String(form.invoice));
      if (invoice?.status !== "draft") return missing("invoice", String(form.invoice), "invoice");
      const price = { id: null, product: null, unit_amount: Number(form.amount), currency: form.currency };
      const line = lineOf(stripe, null, { item: { id: null, price, quantity: 1 }, period: { start: stripe.now, end: stripe.now } });
      const lines = invoice.lines as { data: Json[] };
      lines.data.push({ ...line, description: form.description });
      const sum = lines.data.reduce((all, one) => all + Number(one.amount), 0);
      Object.assign(invoice, { subtotal: sum, total: sum, amount_due: Math.max(sum, 0), amount_remaining: Math.max(sum, 0) });
      return found(stripe.put({ id: stripe.id("ii"), object: "invoiceitem", ...form }));
    },
  },
  {
    method: "POST",
    path: "/v1/invoices/*/finalize",
    act({ ids: [id] }, stripe) {
      const invoice = invoiceOf(stripe, id!);
      if (!invoice) return missing("invoice", id!);
      if (invoice.status !== "draft") return settled(invoice);
      finalize(stripe, invoice);
      if (invoice.amount_remaining === 0) markPaid(stripe, invoice, false);
      return found(invoice);
    },
  },
  {
    method: "POST",
    path: "/v1/invoices/*/pay",
    act({ ids: [id], form }, stripe) {
      const invoice = invoiceOf(stripe, id!);
      if (!invoice) return missing("invoice", id!);
      if (invoice.status === "paid") return refuse(400, { code: "invoice_already_paid", message: "Invoice is already paid" });
      if (invoice.status === "void" || invoice.status === "draft") return settled(invoice);
      if (form.paid_out_of_band === "true") markPaid(stripe, invoice, true);
      else if (!collect(stripe, invoice)) return refuse(402, { code: "card_declined", message: "Your card was declined." });
      return found(invoice);
    },
  },
  {
    method: "POST",
    path: "/v1/invoices/*/void",
    act({ ids: [id] }, stripe) {
      const invoice = invoiceOf(stripe, id!);
      if (!invoice) return missing("invoice", id!);
      if (invoice.status !== "open" && invoice.status !== "uncollectible") return settled(invoice);
      const used = Number(invoice.ending_balance ?? 0) - Number(invoice.starting_balance);
      const customer = stripe.objects.get(String(invoice.customer));
      if (used !== 0 && customer)
        moveBalance(stripe, customer as Thing, { amount: -used, type: "unapplied_from_invoice", invoice: invoice.id });
      Object.assign(invoice, { status: "void", amount_remaining: 0 });
      (invoice.status_transitions as Json).voided_at = stripe.now;
      stripe.emit("invoice.voided", invoice);
      return found(invoice);
    },
  },
  {
    method: "POST",
    path: "/v1/invoices/*/mark_uncollectible",
    act({ ids: [id] }, stripe) {
      const invoice = invoiceOf(stripe, id!);
      if (!invoice) return missing("invoice", id!);
      if (invoice.status !== "open") return settled(invoice);
      invoice.status = "uncollectible";
      (invoice.status_transitions as Json).marked_uncollectible_at = stripe.now;
      stripe.emit("invoice.marked_uncollectible", invoice);
      return found(invoice);
    },
  },
  {
    method: "GET",
    path: "/v1/charges",
    act: (call, stripe) =>
      stripe.list(
        stripe
          .all("charge")
          .filter((charge) => call.form.payment_intent === undefined || charge.payment_intent === call.form.payment_intent),
        call,
        "/v1/charges",
      ),
  },
];
