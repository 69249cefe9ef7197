/** Writes a checkout down, before any gateway hears of it: what is sold, to whom, and until when. `open-checkout.ts` has its page made. */
import type { Tx } from "../../commit.ts";
import type { Context } from "../../context.ts";
import { Refusal } from "../../errors.ts";
import { newId } from "../../ids.ts";
import { CHECKOUT_HOURS, type CheckoutItem, checkedUrl, nextAsk } from "./checkout.ts";
import { type CheckoutRow, insertCheckout } from "./checkout-store.ts";
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

/** No money moves here: a page that is never made is never shown to anybody. */
export async function requestCheckout(tx: Tx, input: CheckoutInput): Promise<CheckoutRow> {
  const now = tx.ctx.clock.now();
  const row: CheckoutRow = {
    id: newId("checkout"),
    tenant_id: input.tenantId,
    kind: input.item.kind,
    status: "open",
    gateway: gatewayWithPages(tx.ctx, input.gateway).name,
    gateway_reference: null,
    url: null,
    item: input.item,
    description: input.description,
    currency: input.currency,
    amount: input.amountMinor,
    payment_id: newId("payment"),
    success_url: checkedUrl("success_url", input.successUrl),
    cancel_url: checkedUrl("cancel_url", input.cancelUrl),
    invoice_id: null,
    subscription_id: null,
    failure: null,
    expires_at: now + CHECKOUT_HOURS * HOUR,
    asked: 0,
    created_at: tx.now,
    closed_at: null,
    undo_reference: null,
  };
  await insertCheckout(tx, row, nextAsk(0, now));
  return row;
}

export type WithPages = PaymentGateway & Required<Pick<PaymentGateway, "createCheckout" | "findCheckout">>;

/** Throws where it has none, or there is no such gateway. */
export function gatewayWithPages(ctx: Context, wanted: string | undefined): WithPages {
  const names = ctx.gateways.names();
  for (const name of wanted === undefined ? names : names.filter((one) => one === wanted)) {
    const gateway = ctx.gateways.get(name);
    if (hasPages(gateway)) return gateway;
  }
  throw new Refusal("gateway_unavailable", `No gateway with a checkout page is configured${wanted === undefined ? "" : ` as ${wanted}`}.`);
}

function hasPages(gateway: PaymentGateway): gateway is WithPages {
  return gateway.createCheckout !== undefined && gateway.findCheckout !== undefined;
}
