/**
 * The errand behind a payment that somebody looks at while it waits for the person: what it is confirmed with is asked of the gateway, each
 * time, and handed on without being kept. Where it waits no more, what became of it is taken in, so that a page that a person comes back to
 * need not wait for the webhook.
 */
import { ENGINE } from "../../auth/principal.ts";
import { commit } from "../../commit.ts";
import type { Context } from "../../context.ts";
import { onPool } from "../../db/pool.ts";
import { findCustomer } from "./customer-store.ts";
import type { Confirmation } from "./gateway.ts";
import { recordOutcome } from "./record-outcome.ts";
import { findPayment, type PaymentRow } from "./store.ts";

export interface PresentedPayment {
  row: PaymentRow;
  confirmation: Confirmation | null;
}

/** As it then stands. A gateway that is away leaves it as it is known here, with nothing to confirm it by. */
export async function presentPayment(ctx: Context, row: PaymentRow): Promise<PresentedPayment> {
  const { gateway_reference: reference } = row;
  if (row.status !== "requires_action" || reference === null || !ctx.gateways.names().includes(row.gateway))
    return { row, confirmation: null };
  try {
    const confirmation = (await ctx.gateways.get(row.gateway).confirmation?.(reference)) ?? null;
    return confirmation ? { row, confirmation } : { row: await refresh(ctx, row), confirmation: null };
  } catch (error) {
    ctx.log.warn({ err: error, payment: row.id, gateway: row.gateway }, "a payment could not be presented to be confirmed");
    return { row, confirmation: null };
  }
}

async function refresh(ctx: Context, row: PaymentRow): Promise<PaymentRow> {
  const db = onPool(ctx.pool);
  const customer = (await findCustomer(db, row.tenant_id, row.gateway))?.reference ?? null;
  const outcome = await ctx.gateways.get(row.gateway).find(row.id, { reference: row.gateway_reference, customer, sentAt: row.sent_at });
  if (!outcome) return row;
  await commit(ctx, { principal: ENGINE, tenantId: row.tenant_id, source: row.gateway }, (tx) =>
    recordOutcome(tx, { paymentId: row.id, tenantId: row.tenant_id, outcome }),
  );
  return (await findPayment(db, row.id, row.tenant_id)) ?? row;
}
