/** Issues what is paid in advance for the current period of subscriptions that begin; nothing where the plan has no such price. */
import type { Tx } from "../../commit.ts";
import { issueInvoices } from "../invoices/issue.ts";
import { prepareInvoices } from "../invoices/prepare.ts";
import type { SubscriptionRow } from "./store.ts";
import { subjectOf } from "./subject.ts";

export async function billStart(tx: Tx, rows: readonly SubscriptionRow[]): Promise<void> {
  const drafts = await prepareInvoices(
    tx.ctx,
    tx,
    rows.map((row) => {
      const period = { start: row.current_period_start, end: row.current_period_end };
      return { subject: subjectOf(row), reason: "start", period, closes: null, advances: period };
    }),
  );
  await issueInvoices(
    tx,
    drafts.filter((draft) => draft !== null),
  );
}
