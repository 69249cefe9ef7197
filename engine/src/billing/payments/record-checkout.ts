/** The one way in for what came of a checkout, once: closes it, keeps the method that was left, and says what was sold. */
import type { Tx } from "../../commit.ts";
import { addMethod } from "./add-method.ts";
import { type CheckoutRow, closeCheckout, findCheckout } from "./checkout-store.ts";
import type { CheckoutOutcome } from "./gateway.ts";

export async function recordCheckout(tx: Tx, input: { id: string; tenantId: string; outcome: CheckoutOutcome }): Promise<void> {
  const row = await findCheckout(tx, input.id, input.tenantId, true);
  const { outcome } = input;
  if (row?.status !== "open" || outcome.status === "open") return;
  if (outcome.status === "failed") return failCheckout(tx, row, outcome.reason);
  await closeCheckout(tx, { ...row, status: outcome.status });
  const about = { tenantId: row.tenant_id, subject: row.id };
  const data = { checkout: row.id, kind: row.kind, gateway: row.gateway, item: row.item };
  if (outcome.status !== "completed") {
    const type = outcome.status === "canceled" ? "checkout.canceled" : "checkout.expired";
    tx.emit({ type, ...about, summary: `A checkout was ${outcome.status === "canceled" ? "canceled" : "not finished in time"}.`, data });
    return;
  }
  const method = outcome.method && (await addMethod(tx, { tenantId: row.tenant_id, gateway: row.gateway, ...outcome.method }));
  tx.emit({
    type: "checkout.completed",
    ...about,
    summary: row.kind === "credits" ? "A checkout of credits was paid." : "A checkout of a plan was completed.",
    data: {
      ...data,
      payment: outcome.payment === null ? null : row.payment_id,
      payment_method: method?.id ?? null,
      reference: outcome.payment?.reference ?? null,
      amount: outcome.payment?.amountMinor ?? 0n,
      currency: outcome.payment?.currency ?? row.currency,
      subscription: outcome.subscription ?? null,
    },
  });
}

/** There is no page, or what was paid for could not be given: the method and the money stay on record, and it says why. */
export async function failCheckout(tx: Tx, row: CheckoutRow, failure: string): Promise<void> {
  await closeCheckout(tx, { ...row, status: "failed", failure });
  tx.emit({
    type: "checkout.failed",
    tenantId: row.tenant_id,
    subject: row.id,
    summary: `A checkout came to nothing: ${failure}`,
    data: { checkout: row.id, kind: row.kind, item: row.item, reason: failure },
  });
}
