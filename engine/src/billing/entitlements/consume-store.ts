/** SQL of consuming: whose turn it is, what a key was answered before, and what is only tried. */
import type { Tx } from "../../commit.ts";
import type { Database } from "../../db/pool.ts";
import { formatInstant } from "../time/instant.ts";
import { int4Column, textColumn, uuidColumn } from "../usage/columns.ts";

export interface Turn {
  tenantNo: number;
  meterNo: number;
}

/**
 * Waits for every other transaction that consumes of one of these, in any process, and keeps them waiting until this one ends.
 * All who take several take them in the same order. The locks with two keys are used for nothing else.
 */
export async function takeTurns(tx: Tx, turns: readonly Turn[]): Promise<void> {
  const sorted = turns.toSorted((a, b) => a.tenantNo - b.tenantNo || a.meterNo - b.meterNo);
  await tx.query("select pg_advisory_xact_lock(k.tenant_no, k.meter_no) from unnest($1::int[], $2::int[]) as k (tenant_no, meter_no)", [
    int4Column(sorted, (turn) => turn.tenantNo),
    int4Column(sorted, (turn) => turn.meterNo),
  ]);
}

export interface Identity {
  tenantNo: number;
  /** 16 bytes as a latin1 text. */
  identity: string;
  content: string;
}

export interface KnownRow {
  place: number;
  /** What was answered; null: the event was recorded as plain usage. */
  answer: string | null;
  conflict: boolean;
}

/** Which of them were recorded before, by their place. */
export async function findConsumptions(db: Database, asked: readonly Identity[]): Promise<KnownRow[]> {
  return db.query<KnownRow>(
    `select (i.place - 1)::int as place, c.answer::text as answer, coalesce(c.content <> i.content, false) as conflict
     from unnest($1::int[], $2::uuid[], $3::uuid[]) with ordinality as i (tenant_no, identity, content, place)
     join usage_events e on e.tenant_no = i.tenant_no and e.identity = i.identity
     left join consumptions c on c.tenant_no = i.tenant_no and c.identity = i.identity`,
    [int4Column(asked, (one) => one.tenantNo), uuidColumn(asked, (one) => one.identity), uuidColumn(asked, (one) => one.content)],
  );
}

export async function insertConsumptions(tx: Tx, rows: readonly (Identity & { answer: string })[]): Promise<void> {
  if (rows.length === 0) return;
  await tx.query(
    `insert into consumptions (tenant_no, identity, content, answer, consumed_at)
     select i.tenant_no, i.identity, i.content, i.answer::json, $5 from unnest($1::int[], $2::uuid[], $3::uuid[], $4::text[]) as i (tenant_no, identity, content, answer)
     on conflict (tenant_no, identity) do nothing`,
    [
      int4Column(rows, (row) => row.tenantNo),
      uuidColumn(rows, (row) => row.identity),
      uuidColumn(rows, (row) => row.content),
      textColumn(rows, (row) => row.answer),
      formatInstant(tx.now),
    ],
  );
}

/** Does it, and undoes it unless `keep` says otherwise of what it answered. */
export async function tryOut<T>(tx: Tx, attempt: () => Promise<T>, keep: (outcome: T) => boolean): Promise<T> {
  await tx.query("savepoint consumption");
  const outcome = await attempt();
  await tx.query(keep(outcome) ? "release savepoint consumption" : "rollback to savepoint consumption");
  return outcome;
}
