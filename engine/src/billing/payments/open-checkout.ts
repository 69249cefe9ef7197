/** The errand that opens a checkout: the gateway makes the page, then it is written down and its address may be shown. */
import type { Tx } from "../../commit.ts";
import type { Context } from "../../context.ts";
import { Refusal } from "../../errors.ts";
import { newId } from "../../ids.ts";
import { CHECKOUT_HOURS, type CheckoutItem, checkedUrl, nextAsk } from "./checkout.ts";
import { type CheckoutRow, insertCheckout } from "./checkout-store.ts";
import { ensureCustomer } from "./ensure-customer.ts";
import type { PaymentGateway } from "./gateway.ts";

const HOUR = 3_600_000;

export interface CheckoutInput {
  tenantId: string;
  item: CheckoutItem;
  description: string;
  currency: string;
  /** Zero of a plan: its first invoice is charged to the method that is left on the page. */
  amountMinor: bigint;
  successUrl: string;
  cancelUrl: string;
  /** The first configured if not said. */
  gateway?: string | undefined;
}

/** A row that `storeCheckout` writes. No money moves here: a page that is never written down is never shown to anybody. */
export async function openCheckout(ctx: Context, input: CheckoutInput): Promise<CheckoutRow> {
  const successUrl = checkedUrl("success_url", input.successUrl);
  const cancelUrl = checkedUrl("cancel_url", input.cancelUrl);
  const gateway = checkoutGateway(ctx, input.gateway);
  const now = ctx.clock.now();
  const id = newId("checkout");
  const paymentId = newId("payment");
  const expiresAt = now + CHECKOUT_HOURS * HOUR;
  const customer = gateway.customers ? (await ensureCustomer(ctx, { tenantId: input.tenantId, gateway: gateway.name })).reference : null;
  const page = await gateway.createCheckout({
    idempotencyKey: id,
    paymentKey: paymentId,
    tenantId: input.tenantId,
    customer,
    mode: input.item.kind === "plan" ? "setup" : "payment",
    amountMinor: input.amountMinor,
    currency: input.currency,
    description: input.description,
    successUrl,
    cancelUrl,
    expiresAt,
  });
  return {
    id,
    tenant_id: input.tenantId,
    kind: input.item.kind,
    status: "open",
    gateway: gateway.name,
    gateway_reference: page.reference,
    url: page.url,
    item: input.item,
    currency: input.currency,
    amount: input.amountMinor,
    payment_id: paymentId,
    success_url: successUrl,
    cancel_url: cancelUrl,
    invoice_id: null,
    subscription_id: null,
    failure: null,
    expires_at: expiresAt,
    asked: 0,
    created_at: now,
    closed_at: null,
  };
}

export async function storeCheckout(tx: Tx, row: CheckoutRow): Promise<CheckoutRow> {
  const stored = { ...row, created_at: tx.now };
  await insertCheckout(tx, stored, nextAsk(0, row.created_at));
  return stored;
}

type WithPages = PaymentGateway & Required<Pick<PaymentGateway, "createCheckout" | "findCheckout">>;

function checkoutGateway(ctx: Context, wanted: string | undefined): WithPages {
  const names = ctx.gateways.names().filter((name) => ctx.gateways.get(name).createCheckout !== undefined);
  const name = wanted ?? names[0];
  if (name === undefined || !names.includes(name)) {
    throw new Refusal(
      "gateway_unavailable",
      `No gateway with a checkout page is configured${wanted === undefined ? "" : ` as ${wanted}`}.`,
    );
  }
  return ctx.gateways.get(name) as WithPages;
}
