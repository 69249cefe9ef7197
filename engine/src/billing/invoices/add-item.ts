/** A one-off line: it waits for the tenant's next invoice, or gets an invoice of its own, issued or as a draft. */

import type { Tx } from "../../commit.ts";
import { invalidField } from "../../errors.ts";
import { newId } from "../../ids.ts";
import { amount, roundMinor, scale } from "../money/amount.ts";
import { type Decimal, ONE } from "../money/decimal.ts";
import { collectBy } from "../payments/collect-by.ts";
import type { TenantRef } from "../tenants/cache.ts";
import type { Period } from "../time/period.ts";
import { storeDraft } from "./draft.ts";
import type { DraftInvoice } from "./invoice.ts";
import { issueInvoices } from "./issue.ts";
import { type ItemRow, insertItem, lineOfItem } from "./item-store.ts";

export interface NewItem {
  tenant: TenantRef;
  description: string;
  currency?: string | undefined;
  /** Minor units, below zero for something that is given back; or quantity × unitAmount. */
  amountMinor?: bigint | undefined;
  quantity?: Decimal | undefined;
  unitAmount?: Decimal | undefined;
  price?: string | undefined;
  period?: Period | undefined;
  invoice: "next" | "own" | "draft";
  collection?: "charge_automatically" | "send_invoice" | undefined;
}

export async function addItem(tx: Tx, input: NewItem): Promise<ItemRow> {
  const currency = input.currency ?? input.tenant.currency;
  if (currency === null) throw invalidField("currency", "is required: the tenant has none");
  const quantity = input.quantity ?? ONE;
  const exact = input.unitAmount === undefined ? amount(input.amountMinor!) : scale(amount(quantity), input.unitAmount);
  const row: ItemRow = {
    id: newId("invoiceItem"),
    tenant_id: input.tenant.id,
    currency,
    description: input.description,
    quantity: quantity.toFixed(),
    unit_amount: input.unitAmount?.toFixed() ?? null,
    amount: roundMinor(exact),
    price_key: input.price ?? null,
    period_start: input.period?.start ?? tx.now,
    period_end: input.period?.end ?? tx.now,
    invoice_id: null,
    created_at: tx.now,
  };
  if (input.invoice !== "next") row.invoice_id = await ownInvoice(tx, input, row);
  await insertItem(tx, row);
  return row;
}

async function ownInvoice(tx: Tx, input: NewItem, item: ItemRow): Promise<string> {
  const gateway = await collectBy(tx, input.tenant.id);
  const { itemId: _own, ...line } = lineOfItem(item);
  const draft: DraftInvoice = {
    tenantId: input.tenant.id,
    testClockId: input.tenant.testClockId,
    subscriptionId: null,
    reason: "manual",
    period: { start: item.period_start, end: item.period_end },
    currency: item.currency,
    // Where nothing can be charged, an invoice is sent.
    collection: input.collection ?? (gateway === undefined ? "send_invoice" : "charge_automatically"),
    gateway: gateway ?? "manual",
    lines: [line],
  };
  if (input.invoice === "draft") return (await storeDraft(tx, draft)).id;
  const [invoice] = await issueInvoices(tx, [draft]);
  return invoice!.id;
}
