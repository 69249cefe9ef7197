/** Issues what is paid in advance for the current period of subscriptions that begin, and claims the credits of it. */
import type { Tx } from "../../commit.ts";
import { issueRequests } from "./issue-requests.ts";
import { openCredits } from "./open-credits.ts";
import type { SubscriptionRow } from "./store.ts";
import { subjectOf } from "./subject.ts";

/** No invoice where the plan has no price in advance. */
export async function billStart(tx: Tx, rows: readonly SubscriptionRow[]): Promise<void> {
  const invoices = await issueRequests(
    tx,
    rows.map((row) => {
      const period = { start: row.current_period_start, end: row.current_period_end };
      return { subject: subjectOf(row), reason: "start", period, closes: null, advances: period };
    }),
  );
  await openCredits(
    tx,
    rows.map((row, index) => ({ row, invoice: invoices[index] ?? null })),
  );
}
