/** How things stand with the simulated tenants: read from the books at each stop, so that a behaviour decides on what is. */
import type { SubscriptionStatus } from "../../billing/subscriptions/subscription.ts";
import type { Instant } from "../../billing/time/instant.ts";
import type { Database } from "../../db/pool.ts";

export interface Standing {
  subscription: {
    id: string;
    status: SubscriptionStatus;
    plan: string;
    seats: number;
    startedAt: Instant;
    endedAt: Instant | null;
    cancelAt: Instant | null;
    autoRenew: boolean;
    scheduled: boolean;
    pausedAt: Instant | null;
    resumesAt: Instant | null;
  } | null;
  /** Open and written off, oldest first. */
  unpaid: UnpaidInvoice[];
  /** The newest that is paid and has anything left to credit. */
  lastPaid: { id: string; total: bigint; left: bigint; paidAt: Instant } | null;
}

export interface UnpaidInvoice {
  id: string;
  status: "open" | "uncollectible";
  collection: string;
  total: bigint;
  due: bigint;
  paid: bigint;
  issuedAt: Instant;
  dueAt: Instant | null;
  failedAt: Instant | null;
  dunningEndedAt: Instant | null;
}

/** By tenant; one that is not there yet is not in it. */
export async function readStandings(db: Database, tenantIds: readonly string[]): Promise<Map<string, Standing>> {
  const standings = new Map<string, Standing>();
  const tenants = await db.query<{ id: string }>("select id from tenants where id = any($1) /* tenant_id */", [tenantIds]);
  for (const { id } of tenants) standings.set(id, { subscription: null, unpaid: [], lastPaid: null });
  const known = [...standings.keys()];
  const subscriptions = await db.query<NonNullable<Standing["subscription"]> & { tenant_id: string }>(
    `select distinct on (tenant_id) tenant_id, id, status, plan_key as plan, seats, started_at as "startedAt", ended_at as "endedAt", cancel_at as "cancelAt",
       auto_renew as "autoRenew", scheduled_change is not null as scheduled, (pause ->> 'paused_at')::timestamptz as "pausedAt",
       (pause ->> 'resumes_at')::timestamptz as "resumesAt"
     from subscriptions where tenant_id = any($1)
     order by tenant_id, (status not in ('canceled', 'expired')) desc, created_at desc, id desc`,
    [known],
  );
  for (const { tenant_id, ...subscription } of subscriptions) standings.get(tenant_id)!.subscription = subscription;
  const unpaid = await db.query<UnpaidInvoice & { tenant_id: string }>(
    `select tenant_id, id, status, collection, total, amount_due as due, amount_paid as paid, issued_at as "issuedAt", due_at as "dueAt", failed_at as "failedAt",
       dunning_ended_at as "dunningEndedAt"
     from invoices where tenant_id = any($1) and status in ('open', 'uncollectible') order by tenant_id, issued_at, id`,
    [known],
  );
  for (const { tenant_id, ...invoice } of unpaid) standings.get(tenant_id)!.unpaid.push(invoice);
  const paid = await db.query<NonNullable<Standing["lastPaid"]> & { tenant_id: string }>(
    `select distinct on (tenant_id) tenant_id, id, total, total - credited as left, paid_at as "paidAt"
     from invoices where tenant_id = any($1) and status = 'paid' and total > credited order by tenant_id, paid_at desc, id desc`,
    [known],
  );
  for (const { tenant_id, ...invoice } of paid) standings.get(tenant_id)!.lastPaid = invoice;
  return standings;
}
