/** SQL of what is asked of Stripe. */
import type { Command } from "../../billing/subscriptions/processor.ts";
import { formatInstant, type Instant } from "../../billing/time/instant.ts";
import type { Tx } from "../../commit.ts";
import { type Database, onPlatform, onPool, type Pool } from "../../db/pool.ts";
import { toJson } from "../../http/json.ts";

export interface CommandRow {
  id: string;
  tenant_id: string;
  subscription_id: string;
  kind: Command["kind"];
  input: Command;
  status: "requested" | "done" | "failed";
  code: string | null;
  reason: string | null;
  attempts: number;
  sent_at: Instant | null;
}

const COMMAND = "id, tenant_id, subscription_id, kind, input, status, code, reason, attempts, sent_at";

/** False where another one is under way for the subscription. */
export async function insertCommand(
  tx: Tx,
  row: { id: string; tenantId: string; subscriptionId: string; input: Command },
): Promise<boolean> {
  const rows = await tx.query(
    `insert into processor_commands (id, tenant_id, subscription_id, processor, kind, input, status, created_at)
     values ($1, $2, $3, 'stripe', $4, $5, 'requested', $6) on conflict (subscription_id) where status = 'requested' do nothing returning id`,
    [row.id, row.tenantId, row.subscriptionId, row.input.kind, toJson(row.input), formatInstant(tx.now)],
  );
  return rows.length > 0;
}

export async function findCommand(db: Database, id: string, tenantId: string): Promise<CommandRow | null> {
  const rows = await db.query<CommandRow>(`select ${COMMAND} from processor_commands where id = $1 and tenant_id = $2`, [id, tenantId]);
  return rows[0] ?? null;
}

/** Takes one that is to be asked for; `attempts` tells this claim from the next. null: somebody else has it, or it is over. */
export async function claimCommand(pool: Pool, id: string, tenantId: string, now: Instant, until: Instant): Promise<CommandRow | null> {
  const rows = await onPool(pool).query<CommandRow>(
    `update processor_commands set claimed_until = $4, attempts = attempts + 1
     where id = $1 and tenant_id = $2 and status = 'requested' and (claimed_until is null or claimed_until < $3) returning ${COMMAND}`,
    [id, tenantId, formatInstant(now), formatInstant(until)],
  );
  return rows[0] ?? null;
}

export async function openCommands(pool: Pool, now: Instant, limit: number): Promise<{ id: string; tenant_id: string }[]> {
  return onPlatform(pool).query(
    `/* all tenants: the worker asks for everybody */
     select id, tenant_id from processor_commands where status = 'requested' and (claimed_until is null or claimed_until < $1)
     order by processor_commands.created_at limit $2`,
    [formatInstant(now), limit],
  );
}

export async function markCommandSent(pool: Pool, row: CommandRow, at: Instant): Promise<void> {
  await onPool(pool).query("update processor_commands set sent_at = coalesce(sent_at, $3) where id = $1 and tenant_id = $2", [
    row.id,
    row.tenant_id,
    formatInstant(at),
  ]);
}

/** Free for the next at `until`. */
export async function releaseCommand(pool: Pool, row: CommandRow, reason: string, until: Instant): Promise<void> {
  await onPool(pool).query(
    "update processor_commands set claimed_until = $4, reason = $5 where id = $1 and tenant_id = $2 and attempts = $3 and status = 'requested'",
    [row.id, row.tenant_id, row.attempts, formatInstant(until), reason.slice(0, 500)],
  );
}

/** False where somebody else has taken it since. */
export async function finishCommand(
  tx: Tx,
  row: CommandRow,
  to: { status: "done" | "failed"; code: string | null; reason: string | null; at: Instant },
): Promise<boolean> {
  const rows = await tx.query(
    `update processor_commands set status = $4, code = $5, reason = $6, claimed_until = null, finished_at = $7
     where id = $1 and tenant_id = $2 and attempts = $3 and status = 'requested' returning id`,
    [row.id, row.tenant_id, row.attempts, to.status, to.code, to.reason, formatInstant(to.at)],
  );
  return rows.length > 0;
}
