/** SQL of holds. */
import type { Tx } from "../../commit.ts";
import type { Database } from "../../db/pool.ts";
import { formatInstant, type Instant } from "../time/instant.ts";
import type { HoldStatus } from "./hold.ts";

export interface HoldRow {
  id: string;
  tenant_id: string;
  amount: string;
  captured: string;
  status: HoldStatus;
  expires_at: Instant | null;
  created_at: Instant;
  closed_at: Instant | null;
}

const COLUMNS = "id, tenant_id, amount, captured, status, expires_at, created_at, closed_at";

export async function insertHold(tx: Tx, hold: HoldRow): Promise<void> {
  await tx.query(
    `insert into credit_holds (id, tenant_id, amount, captured, status, expires_at, created_at, closed_at) values ($1, $2, $3, $4, $5, $6, $7, null)`,
    [
      hold.id,
      hold.tenant_id,
      hold.amount,
      hold.captured,
      hold.status,
      hold.expires_at === null ? null : formatInstant(hold.expires_at),
      formatInstant(hold.created_at),
    ],
  );
}

/** Locked wallets lock their holds: nobody else may close them. */
export async function findHold(db: Database, tenantId: string, id: string): Promise<HoldRow | null> {
  const rows = await db.query<HoldRow>(`select ${COLUMNS} from credit_holds where tenant_id = $1 and id = $2`, [tenantId, id]);
  return rows[0] ?? null;
}

/** As they are at the instant, newest first; `before`: the instant and the id of the last one that is known. */
export async function listHolds(
  db: Database,
  tenantId: string,
  ask: { now: Instant; status: HoldStatus | null; before: string[] | null; limit: number },
): Promise<HoldRow[]> {
  return db.query<HoldRow>(
    `select ${COLUMNS} from credit_holds
     where tenant_id = $1 and ($2::text is null or case when status = 'open' and expires_at <= $3 then 'expired' else status end = $2)
       and ($4::timestamptz is null or (created_at, id collate "C") < ($4, $5 collate "C"))
     order by created_at desc, id collate "C" desc limit $6`,
    [tenantId, ask.status, formatInstant(ask.now), ask.before?.[0] ?? null, ask.before?.[1] ?? null, ask.limit],
  );
}

/** Open holds of these tenants that are past their time. */
export async function findOverdue(db: Database, tenantIds: readonly string[], now: Instant): Promise<HoldRow[]> {
  return db.query<HoldRow>(
    `select ${COLUMNS} from credit_holds
     where tenant_id = any($1::text[]) and status = 'open' and expires_at <= $2 order by tenant_id, expires_at, id collate "C"`,
    [tenantIds, formatInstant(now)],
  );
}

export async function closeHold(tx: Tx, hold: HoldRow, status: HoldStatus, captured: string): Promise<void> {
  await tx.query("update credit_holds set status = $3, captured = $4, closed_at = $5 where tenant_id = $1 and id = $2", [
    hold.tenant_id,
    hold.id,
    status,
    captured,
    formatInstant(tx.now),
  ]);
}

export interface HeldPart {
  hold_id: string;
  grant_id: string;
  amount: string;
}

/** What holds took of each grant, in burn order. */
export async function findHeldParts(db: Database, tenantIds: readonly string[], holdIds: readonly string[]): Promise<HeldPart[]> {
  return db.query<HeldPart>(
    `select hold_id, grant_id, amount from credit_transfers
     where tenant_id = any($1::text[]) and hold_id = any($2::text[]) and type = 'held' order by tenant_id, seq, leg`,
    [tenantIds, holdIds],
  );
}
