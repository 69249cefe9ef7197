/** Sells packs of credits: an invoice with one line, and the note of what its payment grants. */
import type { Tx } from "../../commit.ts";
import { invalidField, Refusal } from "../../errors.ts";
import { newId } from "../../ids.ts";
import type { CreditProduct } from "../catalog/credit-offer.ts";
import type { PurchaseOrigin } from "../credits/purchase.ts";
import { insertPurchase, type PurchaseRow } from "../credits/purchase-store.ts";
import { type Decimal, decimal } from "../money/decimal.ts";
import { lockInFlight, type PaymentRow } from "../payments/store.ts";
import type { TenantRef } from "../tenants/cache.ts";
import type { Instant } from "../time/instant.ts";
import type { DraftInvoice } from "./invoice.ts";
import { issueInvoices } from "./issue.ts";
import type { InvoiceRow } from "./store.ts";

/** What is sold, as it was offered: a product may change between the offer and the sale. */
export interface Pack {
  product: string;
  name: string;
  quantity: number;
  /** Of one. */
  unitMinor: bigint;
  currency: string;
  /** Of all. */
  credits: Decimal;
  /** In which order they are used up; null: as what is bought is. */
  priority: number | null;
}

export interface CreditSale {
  tenant: Pick<TenantRef, "id" | "testClockId">;
  pack: Pack;
  gateway: string;
  collection: "charge_automatically" | "send_invoice";
  /** The money is there already. */
  prepaid: boolean;
  origin: PurchaseOrigin;
  checkoutId: string | null;
}

export interface Sold {
  invoice: InvoiceRow;
  purchase: PurchaseRow;
  /** The attempt that was asked for; null: nothing is to be charged. */
  payment: PaymentRow | null;
}

/** Throws a 422 that names `product`, or `quantity`. */
export function packOf(products: ReadonlyMap<string, CreditProduct>, key: string, quantity: number): Pack {
  const product = products.get(key);
  if (!product || product.archived || !product.active)
    throw new Refusal("not_found", `There is no credit product ${JSON.stringify(key)} on sale.`, {
      faults: [{ path: "product", message: "names no credit product on sale" }],
    });
  if (product.amountMinor * BigInt(quantity) > BigInt(Number.MAX_SAFE_INTEGER))
    throw invalidField("quantity", "comes to more than can be paid");
  return {
    product: key,
    name: product.name ?? key,
    quantity,
    unitMinor: product.amountMinor,
    currency: product.currency,
    credits: decimal(product.credits).times(decimal(quantity)),
    priority: product.priority,
  };
}

export function packDraft(
  { tenant, pack, gateway, collection, prepaid }: Omit<CreditSale, "origin" | "checkoutId">,
  now: Instant,
): DraftInvoice {
  return {
    tenantId: tenant.id,
    testClockId: tenant.testClockId,
    subscriptionId: null,
    reason: "manual",
    period: { start: now, end: now },
    currency: pack.currency,
    collection,
    gateway,
    prepaid,
    lines: [
      {
        kind: "pack",
        planKey: null,
        planVersion: null,
        priceKey: pack.product,
        meterKey: null,
        groupKey: null,
        description: pack.name,
        quantity: decimal(pack.quantity),
        unitAmount: decimal(pack.unitMinor),
        amount: pack.unitMinor * BigInt(pack.quantity),
        period: { start: now, end: now },
        proration: false,
        round: 0,
        explain: { credits: pack.credits },
      },
    ],
  };
}

export async function sellCredits(tx: Tx, sale: CreditSale): Promise<Sold> {
  const [invoice] = await issueInvoices(tx, [packDraft(sale, tx.now)]);
  const purchase: PurchaseRow = {
    id: newId("creditPurchase"),
    tenant_id: sale.tenant.id,
    invoice_id: invoice!.id,
    product_key: sale.pack.product,
    quantity: sale.pack.quantity,
    credits: sale.pack.credits.toFixed(),
    priority: sale.pack.priority,
    origin: sale.origin,
    checkout_id: sale.checkoutId,
    status: "open",
    total: invoice!.total,
    credited: 0n,
    grant_id: null,
    granted: "0",
    revoked: "0",
    taken_back: "0",
    created_at: tx.now,
    granted_at: null,
  };
  await insertPurchase(tx, purchase);
  return { invoice: invoice!, purchase, payment: await lockInFlight(tx, invoice!.id, invoice!.tenant_id) };
}
