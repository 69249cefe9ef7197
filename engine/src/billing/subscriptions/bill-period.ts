/** Makes the invoice of one period on request. The same period again answers the same invoice. */
import type { Tx } from "../../commit.ts";
import { invalid, Refusal } from "../../errors.ts";
import { issueInvoices } from "../invoices/issue.ts";
import { prepareInvoices } from "../invoices/prepare.ts";
import { findPeriodInvoice, type InvoiceRow } from "../invoices/store.ts";
import { formatInstant, type Instant } from "../time/instant.ts";
import { fullPeriodAt, type Period } from "../time/period.ts";
import { cycleAt } from "./cycle.ts";
import { lockCurrent } from "./lock-current.ts";
import type { SubscriptionRow } from "./store.ts";
import { subjectOf } from "./subject.ts";
import { wrongState } from "./subscription.ts";

export async function billPeriod(tx: Tx, input: { tenantId: string; period: Period }): Promise<{ invoice: InvoiceRow; made: boolean }> {
  const row = await lockCurrent(tx, input.tenantId);
  if (!row) throw new Refusal("no_subscription", "The tenant has no subscription, so there is no period to bill.");
  if (row.processor !== "engine") throw wrongState(row.status, ` at ${row.processor}, which makes its invoices itself.`);
  const period = servedPeriod(row, input.period, tx.now);
  if (row.status === "paused" && period.start >= row.current_period_start)
    throw wrongState(row.status, ", so its period is billed when it is resumed.");
  const known = await findPeriodInvoice(tx, input.tenantId, row.id, period.start);
  if (known) return { invoice: known, made: false };
  const [draft] = await prepareInvoices(tx.ctx, tx, [
    { subject: subjectOf(row), reason: "period", period, closes: period, advances: null },
  ]);
  if (!draft) throw new Refusal("conflict", "There is nothing to bill for this period: the plan has no price.");
  const [invoice] = await issueInvoices(tx, [draft]);
  return { invoice: invoice!, made: true };
}

/** The billing period that is meant, given as it is served or as the whole that the first one is a part of. */
function servedPeriod(row: SubscriptionRow, wanted: Period, now: Instant): Period {
  const at = Math.max(wanted.start, row.cycle_start);
  const served = cycleAt(row, at);
  const full = fullPeriodAt(row.anchor_at, { unit: row.interval_unit, count: row.interval_count }, row.time_zone, at);
  const same = wanted.end === served.end && (wanted.start === served.start || wanted.start === full.start);
  if (!same) {
    throw invalid([
      {
        path: "period_start",
        message: `is not a billing period; the one around it is ${formatInstant(served.start)} to ${formatInstant(served.end)}`,
      },
    ]);
  }
  if (row.ended_at !== null && served.start >= row.ended_at)
    throw invalid([{ path: "period_start", message: "lies after the subscription's end" }]);
  if (served.start > now) throw invalid([{ path: "period_start", message: "lies in the future" }]);
  return served;
}
