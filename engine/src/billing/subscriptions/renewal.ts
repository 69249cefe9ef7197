/** One step of a sweep for one subscription: what it becomes, what that bills, and what is said of it. */
import type { Tx } from "../../commit.ts";
import type { EventType } from "../../events/types.ts";
import type { BillingRequest } from "../invoices/prepare.ts";
import { announcePlanChange } from "./announce.ts";
import type { SubscriptionRow } from "./store.ts";

export interface Step {
  before: SubscriptionRow;
  next: SubscriptionRow;
  requests: BillingRequest[];
  /** It begins or is about to: said before its first invoice, not after it. */
  starts: boolean;
  /** More of it changes than its cycle. */
  changes: boolean;
  event: { type: EventType; summary: string };
}

export function announceStep(tx: Tx, { before, next, event }: Step): void {
  tx.emit({
    ...event,
    tenantId: next.tenant_id,
    subject: next.id,
    data: { subscription: next.id, plan: next.plan_key, status: next.status },
  });
  announcePlanChange(tx, before, next, "invoice_now");
}
