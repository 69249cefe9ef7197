/** What became of an occurrence of a top-up by the calendar: written down once, and the rule goes on to the next one. */
import type { Tx } from "../../commit.ts";
import type { TenantRef } from "../tenants/cache.ts";
import type { Instant } from "../time/instant.ts";
import { occurrenceAfter, type Schedule } from "./top-up-rule.ts";
import { insertOccurrence, type OccurrenceRow, type RuleRow, updateRule } from "./top-up-rule-store.ts";

export type Became = Partial<Pick<OccurrenceRow, "reason" | "grant_id" | "invoice_id">> & Pick<OccurrenceRow, "status">;

export function scheduleOf(row: RuleRow, tenant: Pick<TenantRef, "timeZone">): Schedule {
  return {
    startsAt: row.starts_at,
    endsAt: row.ends_at,
    interval: { unit: row.interval_unit, count: row.interval_count },
    timeZone: tenant.timeZone,
  };
}

/** The rule must be locked; answers it as it is then. A schedule that was set anew meanwhile has gone on already. */
export async function settleOccurrence(tx: Tx, row: RuleRow, input: { at: Instant; timeZone: string; became: Became }): Promise<RuleRow> {
  const { at, timeZone, became } = input;
  await noteOccurrence(tx, row, at, became);
  const nextAt = row.next_at !== null && row.next_at <= at ? occurrenceAfter(scheduleOf(row, { timeZone }), at) : row.next_at;
  const next = { ...row, next_at: nextAt, failures: 0, retry_at: null };
  await updateRule(tx, next);
  return next;
}

export async function noteOccurrence(tx: Tx, rule: Pick<RuleRow, "id" | "tenant_id">, at: Instant, became: Became): Promise<void> {
  await insertOccurrence(tx, {
    rule_id: rule.id,
    tenant_id: rule.tenant_id,
    at,
    status: became.status,
    reason: became.reason ?? null,
    grant_id: became.grant_id ?? null,
    invoice_id: became.invoice_id ?? null,
  });
}
