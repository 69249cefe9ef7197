/** What a decision, or a transaction that was found again, says to the caller: the same words both times. Pure. */
import { type Decimal, decimal, ZERO } from "../money/decimal.ts";
import type { Decision, Placed, TransactionRow } from "./consume-store.ts";
import type { Consumed, Transaction } from "./consumption.ts";
import type { TransactionType } from "./ledger.ts";

export function answerOf({ request, id }: Placed, decision: Decision, found: () => TransactionRow): Consumed {
  switch (decision.outcome) {
    case "consumed": {
      const transaction: Transaction = {
        id,
        tenantId: request.tenantId,
        type: "consumed",
        amount: ZERO.minus(decision.amount!),
        balanceAfter: decision.balance!,
        grantId: decision.grant_id,
        holdId: null,
        eventName: request.eventName,
        quantity: request.quantity,
        key: request.key,
        reason: null,
        at: decision.at,
      };
      return { outcome: "consumed", transaction, replayed: false };
    }
    case "insufficient":
      return insufficient(decision.amount!, decision.balance!, false);
    case "known":
      return replayOf(found());
    case "later":
      throw new Error("a wallet was deferred by a statement that could wait for nothing");
    default:
      return { outcome: decision.outcome };
  }
}

/** What was answered to the transaction when it was made. */
export function replayOf(row: TransactionRow): Consumed {
  if (row.type === "refused") return insufficient(decimal(row.required!), decimal(row.balance_after), true);
  return { outcome: "consumed", transaction: transactionOf(row), replayed: true };
}

function insufficient(required: Decimal, available: Decimal, replayed: boolean): Consumed {
  return { outcome: "insufficient", required, available, replayed };
}

export function transactionOf(row: TransactionRow): Transaction {
  return {
    id: row.id,
    tenantId: row.tenant_id,
    type: row.type as TransactionType,
    amount: decimal(row.amount),
    balanceAfter: decimal(row.balance_after),
    grantId: row.grant_ids?.length === 1 ? row.grant_ids[0]! : null,
    holdId: row.hold_id,
    eventName: row.event_name,
    quantity: row.quantity === null ? null : decimal(row.quantity),
    key: row.idempotency_key,
    reason: row.reason,
    at: row.at,
  };
}
