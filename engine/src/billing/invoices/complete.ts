/**
 * Puts one-off lines, discounts and taxes on invoices that are not stored (domain §7.2: lines, commitment, discounts, tax). Previews
 * and issues go through here; an issue locks what it uses up.
 */
import type { Context } from "../../context.ts";
import type { Database } from "../../db/pool.ts";
import { type BillTo, findBillTo } from "../tenants/store.ts";
import { countsAsPeriod, type Discount, discountLines } from "./discount.ts";
import { readActive } from "./discount-store.ts";
import type { DraftInvoice, DraftLine } from "./invoice.ts";
import { type ItemRow, lineOfItem, readWaiting } from "./item-store.ts";
import { taxLine } from "./tax.ts";
import type { Determination } from "./tax-engine.ts";

export interface Completed extends DraftInvoice {
  billTo: BillTo | null;
  determination: Determination;
  /** By discount: what it took off. */
  used: ReadonlyMap<string, bigint>;
}

export async function completeDrafts(
  ctx: Context,
  db: Database,
  drafts: readonly DraftInvoice[],
  options: { lock: boolean },
): Promise<Completed[]> {
  if (drafts.length === 0) return [];
  const tenantIds = [...new Set(drafts.map((draft) => draft.tenantId))];
  const discounts = Map.groupBy(await readActive(db, tenantIds, options.lock), (discount) => discount.tenantId);
  const waiting = Map.groupBy(await readWaiting(db, tenantIds, options.lock), (item) => item.tenant_id);
  const buyers = await findBillTo(db, tenantIds);
  const determinations = await ctx.taxes.determine(buyers.map(partyOf));
  const byTenant = new Map(buyers.map((buyer, index) => [buyer.id, { buyer, determination: determinations[index]! }]));
  return drafts.map((draft) => {
    const { buyer = null, determination = UNTAXED } = byTenant.get(draft.tenantId) ?? {};
    const mine = discounts.get(draft.tenantId) ?? [];
    const all = [...draft.lines.filter((line) => line.itemId === undefined), ...adopt(draft, waiting)];
    const { lines, used } = discountLines(draft, all, mine);
    // The next draft of the same tenant finds used up what this one takes.
    if (used.size > 0)
      discounts.set(
        draft.tenantId,
        mine.map((discount) => after(discount, used, draft)),
      );
    return {
      ...draft,
      lines: all.map((line, index) => {
        const taken = lines[index]!;
        const net = taken.reduce((left, part) => left - part.amount, line.amount);
        return { ...line, discounts: taken, taxes: taxLine(net, determination.taxes) };
      }),
      billTo: buyer,
      determination,
      used,
    };
  });
}

// The first invoice of the tenant in the currency takes what waits; one that was asked for by itself takes nothing else.
function adopt(draft: DraftInvoice, waiting: Map<string, ItemRow[]>): DraftLine[] {
  if (draft.reason === "manual") return [];
  const items = waiting.get(draft.tenantId) ?? [];
  const mine = items.filter((item) => item.currency === draft.currency);
  if (mine.length > 0)
    waiting.set(
      draft.tenantId,
      items.filter((item) => item.currency !== draft.currency),
    );
  return mine.map(lineOfItem);
}

const UNTAXED: Determination = { status: "none", taxes: [], placeOfSupply: null };

function after(discount: Discount, used: ReadonlyMap<string, bigint>, draft: DraftInvoice): Discount {
  const amount = used.get(discount.id);
  if (amount === undefined) return discount;
  return { ...discount, usedMinor: discount.usedMinor + amount, uses: discount.uses + (countsAsPeriod(draft.reason) ? 1 : 0) };
}

function partyOf(buyer: BillTo) {
  return {
    country: buyer.address?.country ?? null,
    region: buyer.address?.state ?? null,
    taxId: buyer.tax_id,
    exempt: buyer.tax_exempt,
  };
}
