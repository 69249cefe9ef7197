/** Tries payments again that failed: due work found in data, in chunks, each one write. The gateway is asked afterwards. */
import { ENGINE } from "../../auth/principal.ts";
import { commit, type Tx } from "../../commit.ts";
import type { Context } from "../../context.ts";
import { requestPayments } from "../payments/request-payments.ts";
import { lastAttempts } from "../payments/store.ts";
import type { Instant } from "../time/instant.ts";
import { beginRetries, lockRetries } from "./dunning-store.ts";

const CHUNK = 500;

export interface RetryInput {
  now: Instant;
  /** Only invoices on this test clock; null: only those on the system's clock. */
  testClockId: string | null;
}

/** Works until no retry is due. Answers how many were begun. */
export async function retryDue(ctx: Context, input: RetryInput): Promise<number> {
  let begun = 0;
  for (;;) {
    const count = await commit(ctx, { principal: ENGINE, now: input.now }, (tx) => retryChunk(tx, input));
    if (count === 0) return begun;
    begun += count;
  }
}

async function retryChunk(tx: Tx, input: RetryInput): Promise<number> {
  const rows = await lockRetries(tx, input.now, input.testClockId, CHUNK);
  if (rows.length === 0) return 0;
  const attempts = await lastAttempts(tx, rows);
  await beginRetries(tx, rows);
  await requestPayments(
    tx,
    rows.map((row) => ({
      tenantId: row.tenant_id,
      testClockId: row.test_clock_id,
      invoiceId: row.id,
      gateway: row.gateway,
      currency: row.currency,
      amountMinor: row.amount_due,
      attempt: (attempts.get(row.id) ?? 0) + 1,
    })),
  );
  return rows.length;
}
