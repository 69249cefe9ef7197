/** The errand behind the job of that name: the invoice of one period, as `POST …/invoices` makes it. The period may have any length. */
import { ENGINE } from "../../auth/principal.ts";
import { commit } from "../../commit.ts";
import type { Context } from "../../context.ts";
import { invalidField } from "../../errors.ts";
import { parseInstant } from "../time/instant.ts";
import { billPeriod } from "./bill-period.ts";

export interface InvoiceAsked {
  tenant_id: string;
  period_start: string;
  period_end: string;
  /** Refused where the invoice is in another. */
  currency?: string;
}

export async function generateMonthlyInvoice(ctx: Context, asked: InvoiceAsked): Promise<void> {
  const [start, end] = [parseInstant(asked.period_start), parseInstant(asked.period_end)];
  if (start === null || end === null || end <= start) throw invalidField("period_end", "must be after period_start");
  await commit(ctx, { principal: ENGINE, tenantId: asked.tenant_id }, async (tx) => {
    const { invoice } = await billPeriod(tx, { tenantId: asked.tenant_id, period: { start, end } });
    if (asked.currency !== undefined && asked.currency !== invoice.currency)
      throw invalidField("currency", `must be that of the invoice, ${invoice.currency}`);
  });
}
