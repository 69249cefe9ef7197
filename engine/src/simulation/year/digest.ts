/**
 * The books as one number: SHA-256 over what was billed, paid and lived through, without the ids that were made and without real
 * time. The same seed gives the same digest on every machine, or the engine's outcome depends on something that it must not.
 */
import { createHash } from "node:crypto";
import type { Context } from "../../context.ts";
import { onPool } from "../../db/pool.ts";
import { toJson } from "../../http/json.ts";

// What the engine names, in a text: only the kind is the same in two runs.
const MADE = /\b(sub|inv|line|evt|grant|txn|pay|pm|disc|item|cn|refund|clock)_[0-7][0-9a-hjkmnp-tv-z]{25}\b/g;

/** Rows without anything that differs by run; their order does not count. */
const PARTS: readonly [name: string, text: string][] = [
  [
    "subscriptions",
    `/* all tenants: of one test clock */ select tenant_id, plan_key, plan_version, status, currency, seats, collection, anchor_at, cycle_start, started_at, current_period_start,
       current_period_end, closed_until, trial_end, cancel_at, canceled_at, cancel_reason, ended_at, pause, scheduled_change, grace_until, auto_renew, due_at, created_at
     from subscriptions where test_clock_id = $1`,
  ],
  [
    "invoices",
    `/* all tenants: of one test clock */ select tenant_id, number, reason, status, currency, period_start, period_end, subtotal, discount, tax, tax_included, tax_status, total,
       balance_applied, amount_paid, amount_due, amount_offset, credited, refunded, collection, issued_at, due_at, paid_at, voided_at, failed_at, retries, next_attempt_at,
       dunning_ended_at
     from invoices where test_clock_id = $1`,
  ],
  [
    "lines",
    `/* all tenants: of one test clock */ select i.tenant_id, i.number, l.position, l.kind, l.plan_key, l.plan_version, l.price_key, l.meter_key, l.group_key, l.description,
       l.quantity, l.unit_amount, l.amount, l.discount, l.tax, l.period_start, l.period_end, l.proration, l.round
     from invoice_lines l join invoices i on i.id = l.invoice_id where i.test_clock_id = $1`,
  ],
  [
    "payments",
    `/* all tenants: of one test clock */ select p.tenant_id, i.number, p.currency, p.amount, p.amount_received, p.status, p.code, p.attempt, p.requested_at, p.settled_at
     from payments p left join invoices i on i.id = p.invoice_id where p.test_clock_id = $1`,
  ],
  [
    "credit notes",
    `/* all tenants: of one test clock */ select n.tenant_id, n.number, i.number as invoice, n.currency, n.subtotal, n.discount, n.tax, n.total, n.to_balance, n.refunded, n.offset_due,
       n.reason, n.created_at
     from credit_notes n join invoices i on i.id = n.invoice_id where i.test_clock_id = $1`,
  ],
  [
    "refunds",
    `/* all tenants: of one test clock */ select r.tenant_id, i.number, r.currency, r.amount, r.status, r.code, r.requested_at, r.settled_at
     from refunds r join invoices i on i.id = r.invoice_id where r.test_clock_id = $1`,
  ],
  [
    "balance",
    `/* all tenants: of one test clock */ select b.tenant_id, i.number, b.currency, b.amount, b.kind, b.created_at
     from balance_entries b join invoices i on i.id = b.invoice_id where i.test_clock_id = $1`,
  ],
  [
    "events",
    // A tenant is made and changed in real time, and alerts are found in it.
    `/* all tenants: of one test clock */ select e.tenant_id, e.type, e.summary, e.data, e.source, case when e.type not like 'tenant.%' then e.occurred_at end as occurred_at
     from billing_events e join tenants t on t.id = e.tenant_id where t.test_clock_id = $1 and e.type not like 'alert.%'`,
  ],
];

export interface Digest {
  sha256: string;
  /** Of each part alone: where two runs differ. */
  parts: Record<string, string>;
}

export async function digestBooks(ctx: Context, clockId: string): Promise<Digest> {
  const whole = createHash("sha256");
  const parts: Record<string, string> = {};
  for (const [name, text] of PARTS) {
    const rows = await onPool(ctx.pool).query<object>(text, [clockId]);
    const lines = rows.map((row) => toJson(row).replace(MADE, "$1")).sort();
    parts[name] = createHash("sha256").update(lines.join("\n")).digest("hex");
    whole.update(`${name} ${lines.length} ${parts[name]}\n`);
  }
  return { sha256: whole.digest("hex"), parts };
}
