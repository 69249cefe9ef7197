/** Reaction to `checkout.completed`: the credits that were paid for on the page, with the invoice for them, once. */
import type { Tx } from "../../commit.ts";
import type { AppendedEvent } from "../../events/append.ts";
import { decimal } from "../money/decimal.ts";
import type { CheckoutCompleted } from "../payments/checkout.ts";
import { findCheckout, noteResult } from "../payments/checkout-store.ts";
import { takePayment } from "../payments/take-payment.ts";
import { sellCredits } from "./sell-credits.ts";

/** The checkout is locked by whoever settled it. */
export async function sellByCheckout(tx: Tx, event: AppendedEvent): Promise<void> {
  const { checkout: id, reference, amount, currency, payment_method: methodId } = event.data as unknown as CheckoutCompleted;
  const checkout = await findCheckout(tx, id, event.tenantId);
  if (checkout?.item.kind !== "credits") return;
  const { item } = checkout;
  const testClockId = (await tx.ctx.tenants.find(checkout.tenant_id))?.testClockId ?? null;
  const { creditProducts } = await tx.ctx.catalog.current();
  const { invoice } = await sellCredits(tx, {
    tenant: { id: checkout.tenant_id, testClockId },
    pack: {
      product: item.product,
      name: creditProducts.get(item.product)?.name ?? item.product,
      quantity: item.quantity,
      unitMinor: BigInt(item.unit_amount),
      currency: checkout.currency,
      credits: decimal(item.credits),
      priority: item.priority ?? null,
    },
    gateway: checkout.gateway,
    collection: "charge_automatically",
    prepaid: true,
    origin: "checkout",
    checkoutId: checkout.id,
  });
  await noteResult(tx, { id: checkout.id, tenantId: checkout.tenant_id, invoiceId: invoice.id, subscriptionId: null });
  await takePayment(tx, {
    id: checkout.payment_id,
    tenantId: checkout.tenant_id,
    testClockId,
    invoiceId: invoice.id,
    gateway: checkout.gateway,
    reference: reference ?? checkout.gateway_reference ?? checkout.payment_id,
    amountMinor: checkout.amount,
    currency: checkout.currency,
    received: { amountMinor: amount, currency },
    methodId,
  });
}
