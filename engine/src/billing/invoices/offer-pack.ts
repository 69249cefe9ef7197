/** What a pack of credits comes to for a tenant, discounts and taxes included, by the code that will issue its invoice. */
import type { Context } from "../../context.ts";
import type { Database } from "../../db/pool.ts";
import { completeDrafts } from "./complete.ts";
import { totalsOf } from "./invoice.ts";
import { type CreditSale, packDraft } from "./sell-credits.ts";

export async function offerPack(ctx: Context, db: Database, sale: Pick<CreditSale, "tenant" | "pack" | "gateway">): Promise<bigint> {
  const draft = packDraft({ ...sale, collection: "charge_automatically", prepaid: true }, ctx.clock.now());
  const [completed] = await completeDrafts(ctx, db, [draft], { lock: false });
  return totalsOf(completed!.lines).total;
}
