/** Credits as the API shows them. */
import { decimal } from "../money/decimal.ts";
import { formatInstant, type Instant } from "../time/instant.ts";
import type { Balance } from "./balance.ts";
import type { Transaction } from "./consumption.ts";
import { statusAt } from "./hold.ts";
import type { HoldRow } from "./hold-store.ts";
import type { GrantRow } from "./store.ts";

export function grantView(row: GrantRow) {
  return {
    id: row.id,
    source: row.source,
    amount: decimal(row.amount),
    remaining: decimal(row.remaining),
    held: decimal(row.held),
    priority: row.priority,
    effective_at: formatInstant(row.effective_at),
    expires_at: row.expires_at === null ? null : formatInstant(row.expires_at),
    created_at: formatInstant(row.created_at),
    reason: row.reason,
  };
}

export function balanceView(tenantId: string, balance: Balance) {
  return {
    tenant_id: tenantId,
    balance: balance.balance,
    held: balance.held,
    available: balance.available,
    upcoming: balance.upcoming,
    by_source: balance.bySource,
    grants: balance.grants.map(grantView),
  };
}

export function transactionView(transaction: Transaction) {
  return {
    id: transaction.id,
    tenant_id: transaction.tenantId,
    type: transaction.type,
    amount: transaction.amount,
    balance_after: transaction.balanceAfter,
    grant_id: transaction.grantId,
    hold_id: transaction.holdId,
    event_name: transaction.eventName,
    quantity: transaction.quantity,
    idempotency_key: transaction.key,
    reason: transaction.reason,
    created_at: formatInstant(transaction.at),
  };
}

/** At an instant it may be over, though the sweep has not closed it. */
export function holdView(hold: HoldRow, now?: Instant) {
  return {
    id: hold.id,
    tenant_id: hold.tenant_id,
    amount: decimal(hold.amount),
    captured: decimal(hold.captured),
    status: now === undefined ? hold.status : statusAt({ status: hold.status, expiresAt: hold.expires_at }, now),
    expires_at: hold.expires_at === null ? null : formatInstant(hold.expires_at),
    created_at: formatInstant(hold.created_at),
    closed_at: hold.closed_at === null ? null : formatInstant(hold.closed_at),
  };
}
