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
import { putTaxes, type TaxAnswerTaken } from "./put-taxes.ts";
import type { Determination } from "./tax-engine.ts";

export interface Completed extends DraftInvoice {
  billTo: BillTo | null;
  determination: Pick<Determination, "status" | "placeOfSupply">;
  /** What a tax engine outside answered of it: whoever issues takes it. */
  taxAnswer: TaxAnswerTaken | null;
  /** By discount: what it took off. */
  used: ReadonlyMap<string, bigint>;
}

export async function completeDrafts(
  ctx: Context,
  db: Database,
  drafts: readonly DraftInvoice[],
  options: { lock: boolean; onlyRates?: boolean },
): Promise<Completed[]> {
  if (drafts.length === 0) return [];
  const tenantIds = [...new Set(drafts.map((draft) => draft.tenantId))];
  const discounts = Map.groupBy(await readActive(db, tenantIds, options.lock), (discount) => discount.tenantId);
  const waiting = Map.groupBy(await readWaiting(db, tenantIds, options.lock), (item) => item.tenant_id);
  const buyers = await findBillTo(db, tenantIds);
  const byTenant = new Map(buyers.map((buyer) => [buyer.id, buyer]));
  const discounted = drafts.map((draft) => {
    const mine = discounts.get(draft.tenantId) ?? [];
    const all = [...draft.lines.filter((line) => line.itemId === undefined), ...adopt(draft, waiting)];
    const { lines, used } = discountLines(draft, all, mine);
    // The next draft of the same tenant finds used up what this one takes.
    if (used.size > 0)
      discounts.set(
        draft.tenantId,
        mine.map((discount) => after(discount, used, draft)),
      );
    const reduced = all.map((line, index) => ({ ...line, discounts: lines[index]! }));
    return { ...draft, lines: reduced, billTo: byTenant.get(draft.tenantId) ?? null, used };
  });
  return putTaxes(ctx, db, discounted, options);
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

function after(discount: Discount, used: ReadonlyMap<string, bigint>, draft: DraftInvoice): Discount {
  const amount = used.get(discount.id);
  if (amount === undefined) return discount;
  return { ...discount, usedMinor: discount.usedMinor + amount, uses: discount.uses + (countsAsPeriod(draft.reason) ? 1 : 0) };
}
