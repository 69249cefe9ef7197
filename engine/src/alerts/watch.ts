/**
 * Reactions to what may be worth an alert. They only ask for a look: rules belong to the platform, which the transaction of a tenant
 * cannot see, and a look that fails must not undo what happened.
 */
import type { Tx } from "../commit.ts";
import type { AppendedEvent } from "../events/append.ts";

export async function lookForFailure(tx: Tx, { tenantId, subject }: AppendedEvent): Promise<void> {
  if (tenantId !== null && subject !== null) ask(tx, "payment_failed", tenantId, subject);
}

/** Of an invoice that failed before; all others are paid by the hundred thousand. */
export async function lookForPayment(tx: Tx, { tenantId, subject, data, type }: AppendedEvent): Promise<void> {
  if (tenantId !== null && subject !== null && (data.failed === true || type === "invoice.voided"))
    ask(tx, "payment_failed", tenantId, subject);
}

export async function lookForCancellation(tx: Tx, { tenantId, subject, type, data }: AppendedEvent): Promise<void> {
  if (tenantId === null || subject === null) return;
  if (type === "subscription.updated" && !(data.changed as string[] | undefined)?.includes("cancel_at")) return;
  ask(tx, "cancellation", tenantId, subject);
}

function ask(tx: Tx, kind: string, tenant: string, subject: string): void {
  tx.enqueue({ name: "look-for-alert", key: `look ${kind} ${subject}`, payload: { kind, tenant, subject } });
}
