/** Raises an alert, once while what it is about lasts: the event, and the mail. And ends it. */
import type { Tx } from "../commit.ts";
import { newId } from "../ids.ts";
import type { Rule } from "./rule.ts";
import { insertAlert, resolveAlerts } from "./store.ts";

export interface Finding {
  tenantId: string;
  subject: string;
  /** One sentence for a person. */
  summary: string;
  data: Record<string, unknown>;
}

/** False: the rule is off, or the alert lasts already. */
export async function raiseAlert(tx: Tx, rule: Rule, { tenantId, subject, summary, data }: Finding): Promise<boolean> {
  if (!rule.enabled) return false;
  const id = newId("alert");
  if (!(await insertAlert(tx, { id, tenant_id: tenantId, kind: rule.kind, subject, summary, data }))) return false;
  tx.emit({ type: "alert.raised", tenantId, subject: id, summary, data: { alert: id, kind: rule.kind, about: subject, ...data } });
  if (rule.email.length > 0 || rule.settings.email_tenant) tx.enqueue({ name: "send-alert", key: `send ${id}`, payload: { alert: id } });
  return true;
}

export async function resolveAlert(tx: Tx, kind: Rule["kind"], tenantId: string, subject: string, summary: string): Promise<void> {
  for (const row of await resolveAlerts(tx, tenantId, kind, subject))
    tx.emit({ type: "alert.resolved", tenantId, subject: row.id, summary, data: { alert: row.id, kind, about: subject } });
}
