/**
 * The errand that has the page of a checkout made, once by its id: whoever asks again, after a time-out or a crash, is answered with the
 * same page. What the gateway refuses is over; where it does not answer, the checkout waits for the next who asks.
 */
import { ENGINE } from "../../auth/principal.ts";
import { commit } from "../../commit.ts";
import type { Context } from "../../context.ts";
import { onPool } from "../../db/pool.ts";
import { Refusal } from "../../errors.ts";
import { type CheckoutRow, findCheckout, notePage } from "./checkout-store.ts";
import { ensureCustomer } from "./ensure-customer.ts";
import { failCheckout } from "./record-checkout.ts";
import { gatewayWithPages } from "./request-checkout.ts";

/** Answers it as it then stands, with its page. */
export async function openCheckout(ctx: Context, asked: { id: string; tenantId: string }): Promise<CheckoutRow> {
  const row = await read(ctx, asked);
  if (row.gateway_reference !== null) return row;
  if (row.status !== "open")
    throw new Refusal("gateway_error", row.failure ?? "The checkout has no page.", { extra: { checkout: row.id } });
  try {
    const page = await makePage(ctx, row);
    await commit(ctx, { principal: ENGINE, tenantId: row.tenant_id, source: row.gateway }, (tx) =>
      notePage(tx, { ...row, gateway_reference: page.reference, url: page.url }),
    );
  } catch (error) {
    if (error instanceof Refusal && error.code === "gateway_error") await giveUp(ctx, row, error.message);
    throw error;
  }
  return read(ctx, asked);
}

async function makePage(ctx: Context, row: CheckoutRow): Promise<{ reference: string; url: string }> {
  const gateway = gatewayWithPages(ctx, row.gateway);
  const { item } = row;
  const offer = item.kind === "plan" ? (item.offer ?? null) : null;
  const customer = gateway.customers ? (await ensureCustomer(ctx, { tenantId: row.tenant_id, gateway: row.gateway })).reference : null;
  return gateway.createCheckout({
    idempotencyKey: row.id,
    paymentKey: row.payment_id,
    tenantId: row.tenant_id,
    customer,
    mode: item.kind === "credits" ? "payment" : offer ? "subscription" : "setup",
    offer,
    amountMinor: row.amount,
    currency: row.currency,
    description: row.description,
    successUrl: row.success_url,
    cancelUrl: row.cancel_url,
    expiresAt: row.expires_at,
  });
}

async function giveUp(ctx: Context, { id, tenant_id: tenantId, gateway }: CheckoutRow, failure: string): Promise<void> {
  await commit(ctx, { principal: ENGINE, tenantId, source: gateway }, async (tx) => {
    const row = await findCheckout(tx, id, tenantId, true);
    if (row?.status === "open" && row.gateway_reference === null) await failCheckout(tx, row, failure);
  });
}

async function read(ctx: Context, { id, tenantId }: { id: string; tenantId: string }): Promise<CheckoutRow> {
  const row = await findCheckout(onPool(ctx.pool), id, tenantId);
  if (!row) throw new Error(`the checkout ${id} is not there`);
  return row;
}
