/**
 * Whose money is that goes back: a refund, or a dispute. It may be told of before the payment that it is of, so what is not known here is
 * asked of the gateway: a payment of ours is taken in first, and one of a subscription that the gateway runs itself is mirrored.
 */
import { ENGINE } from "../../auth/principal.ts";
import { takeRefund } from "../../billing/invoices/take-refund.ts";
import type { PaymentTrace } from "../../billing/payments/gateway.ts";
import { recordDispute } from "../../billing/payments/record-dispute.ts";
import { recordRefund } from "../../billing/payments/record-refund.ts";
import { locateRefund as findOurs, type RefundRow } from "../../billing/payments/refund-store.ts";
import { locatePayment, type PaymentRow } from "../../billing/payments/store.ts";
import { commit } from "../../commit.ts";
import type { Context } from "../../context.ts";
import type { Fact, Paid } from "./adapter.ts";
import type { Located } from "./located.ts";
import { locateOrderPayment } from "./orders.ts";
import { locatePayments, NOT_FINISHED } from "./payments.ts";

type Of<K extends Fact["kind"]> = Extract<Fact, { kind: K }>;

const NOT_OURS = "The payment was not asked for here.";

export async function locateRefund(ctx: Context, gateway: string, fact: Of<"refund">): Promise<Located | string> {
  const own = fact.refundId === null ? null : await findOurs(ctx.pool, fact.refundId, gateway);
  if (own) return ownRefund(own, fact);
  const { of, amountMinor, currency, outcome } = fact;
  const { payment, customer } = await paidHere(ctx, gateway, of.payment);
  if (payment) {
    const { id: paymentId, tenant_id: tenantId } = payment;
    return { tenantId, apply: (tx) => takeRefund(tx, { paymentId, tenantId, amountMinor, currency, outcome }) };
  }
  const found = await mirroredMoney(ctx, gateway, { ...of, customer: of.customer ?? customer });
  return typeof found === "string" ? found : { ...found, apply: async () => undefined };
}

function ownRefund(refund: RefundRow, { outcome, amountMinor, currency }: Of<"refund">): Located {
  const { id: refundId, tenant_id: tenantId } = refund;
  // Money that is not what was asked to be given back is not called given back: somebody has to look.
  if (outcome.status === "succeeded" && (amountMinor !== refund.amount || currency !== refund.currency))
    throw new Error(`The refund ${refundId} is over ${refund.amount} ${refund.currency}, but ${amountMinor} ${currency} were given back.`);
  return { tenantId, apply: (tx) => recordRefund(tx, { refundId, tenantId, outcome }) };
}

export async function locateDispute(ctx: Context, gateway: string, { of, report }: Of<"dispute">): Promise<Located | string> {
  const known = await byNames(ctx, gateway, of);
  const payment = known ?? (await disputedPayment(ctx, gateway, of));
  if (typeof payment === "string") return payment;
  const { id: paymentId, tenant_id: tenantId } = payment;
  return { tenantId, apply: (tx) => recordDispute(tx, { paymentId, tenantId, report }) };
}

async function disputedPayment(ctx: Context, gateway: string, of: Paid): Promise<PaymentRow | string> {
  const { payment, customer } = await paidHere(ctx, gateway, of.payment);
  if (payment) return payment;
  const found = await mirroredMoney(ctx, gateway, { ...of, customer: of.customer ?? customer });
  return typeof found === "string" ? found : ((await byNames(ctx, gateway, of)) ?? NOT_OURS);
}

/** What a processor collected is known by its charge. */
async function byNames(ctx: Context, gateway: string, { payment, charge = null }: Paid): Promise<PaymentRow | null> {
  for (const reference of [payment, charge]) {
    const row = reference === null ? null : await locatePayment(ctx.pool, gateway, { id: null, reference });
    if (row?.status === "succeeded") return row;
  }
  return null;
}

interface PaidHere {
  /** Taken in first, where nothing of it was heard yet; null: it is not ours. */
  payment: PaymentRow | null;
  /** The gateway's name of who paid, as it says. */
  customer: string | null;
}

async function paidHere(ctx: Context, gateway: string, reference: string | null): Promise<PaidHere> {
  if (reference === null) return { payment: null, customer: null };
  const known = await byNames(ctx, gateway, { payment: reference });
  if (known) return { payment: known, customer: null };
  const trace = ctx.gateways.names().includes(gateway) ? await ctx.gateways.get(gateway).trace?.(reference) : null;
  if (!trace) return { payment: null, customer: null };
  const { customer } = trace;
  const first = await takeIn(ctx, gateway, trace);
  if (first === null) return { payment: null, customer };
  if (typeof first !== "string")
    await commit(ctx, { principal: ENGINE, tenantId: first.tenantId, source: gateway }, (tx) => first.apply(tx));
  const payment = await byNames(ctx, gateway, { payment: reference });
  // It is ours, and is not there yet: what went back of it is tried again.
  if (!payment && (typeof first !== "string" || first === NOT_FINISHED)) throw new Error(`The payment ${reference} is not there yet.`);
  return { payment, customer };
}

/** null: it was not made for us. */
async function takeIn(ctx: Context, gateway: string, trace: PaymentTrace): Promise<Located | string | null> {
  const { paymentId, checkoutId, orderReference, outcome } = trace;
  if (checkoutId !== null) return locatePayments(ctx, gateway, { kind: "checkout", checkoutId });
  if (paymentId !== null) return locatePayments(ctx, gateway, { kind: "charge", paymentId, outcome });
  return orderReference === null ? null : locateOrderPayment(ctx, gateway, { kind: "order_payment", orderReference, outcome });
}

/** Of a subscription that the gateway runs itself: all of its money is read anew there. */
async function mirroredMoney(ctx: Context, gateway: string, of: Paid): Promise<{ tenantId: string } | string> {
  const processor = ctx.processors.outside(gateway);
  if (!processor) return NOT_OURS;
  const { charge = null, invoice = null, customer = null } = of;
  const found = await processor.mirror(ctx, { subscription: null, invoice, charge, customer, money: true });
  return typeof found === "string" ? `${NOT_OURS} ${found}` : found;
}
