/** SQL of the catalog: its revision, its items, its plans and their versions. No tenant owns any of it. */
import type { Database } from "../../db/pool.ts";
import { toJson } from "../../http/json.ts";
import { formatInstant, type Instant } from "../time/instant.ts";
import type { ItemKind } from "./canonical.ts";
import type { PlanDocument } from "./document.ts";
import type { PlanTerms } from "./terms.ts";

export interface ItemRow {
  kind: ItemKind;
  key: string;
  no: number;
  body: Record<string, unknown>;
  position: number;
  used_at: Instant | null;
  archived_at: Instant | null;
  created_at: Instant;
}

export interface PlanRow {
  key: string;
  version: number;
  head: PlanDocument;
  terms: PlanTerms;
  position: number;
  archived_at: Instant | null;
  created_at: Instant;
}

export async function readRevision(db: Database): Promise<bigint> {
  const rows = await db.query<{ revision: bigint }>("select revision from catalog_state /* no tenant */");
  return rows[0]!.revision;
}

/** Takes the row that every change of the catalog takes, so that two changes come one after the other. */
export async function lockRevision(db: Database): Promise<bigint> {
  const rows = await db.query<{ revision: bigint }>("select revision from catalog_state for update /* no tenant */");
  return rows[0]!.revision;
}

export async function bumpRevision(db: Database): Promise<bigint> {
  const rows = await db.query<{ revision: bigint }>("update catalog_state set revision = revision + 1 returning revision /* no tenant */");
  return rows[0]!.revision;
}

/** Everything, archived things included, in the order of the document. */
export async function readItems(db: Database): Promise<ItemRow[]> {
  return db.query<ItemRow>(
    `select kind, key, no, body, position, used_at, archived_at, created_at from catalog_items
     where kind in ('meter', 'feature', 'credit_event', 'credit_product', 'coupon', 'tax_rate') order by position, no /* no tenant */`,
  );
}

const PLAN = "p.key, v.version, p.head, v.terms, p.position, p.archived_at, p.created_at";

/** Each plan at its current version. */
export async function readPlans(db: Database): Promise<PlanRow[]> {
  return db.query<PlanRow>(
    `select ${PLAN} from plans p join plan_versions v on v.plan_key = p.key and v.version = p.current_version
     order by p.position, p.created_at, p.key /* no tenant */`,
  );
}

export interface StoredRows {
  items: ItemRow[];
  plans: PlanRow[];
}

export async function readStored(db: Database): Promise<StoredRows> {
  return { items: await readItems(db), plans: await readPlans(db) };
}

export async function findPlanVersion(db: Database, key: string, version: number): Promise<PlanRow | null> {
  const rows = await db.query<PlanRow>(
    `select ${PLAN} from plans p join plan_versions v on v.plan_key = p.key where p.key = $1 and v.version = $2 /* no tenant */`,
    [key, version],
  );
  return rows[0] ?? null;
}

/** The meters that a plan was ever sold on: they are read as long as the engine runs, for somebody may still be billed by them. */
export async function readSoldMeters(db: Database): Promise<Set<string>> {
  const rows = await db.query<{ key: string }>(
    "select distinct price ->> 'meter' as key from plan_versions, jsonb_array_elements(terms -> 'prices') as price where price ? 'meter' /* no tenant */",
  );
  return new Set(rows.map((row) => row.key));
}

export async function upsertItem(
  db: Database,
  item: { kind: ItemKind; key: string; body: unknown; position: number },
  now: Instant,
): Promise<void> {
  await db.query(
    `insert into catalog_items (kind, key, body, position, created_at) values ($1, $2, $3, $4, $5) /* no tenant */
     on conflict (kind, key) do update set body = excluded.body, position = excluded.position, archived_at = null`,
    [item.kind, item.key, toJson(item.body), item.position, formatInstant(now)],
  );
}

export async function archiveItem(db: Database, kind: ItemKind, key: string, now: Instant): Promise<void> {
  await db.query("update catalog_items set archived_at = $3 where kind = $1 and key = $2 and archived_at is null /* no tenant */", [
    kind,
    key,
    formatInstant(now),
  ]);
}

export async function upsertPlan(
  db: Database,
  plan: { key: string; version: number; head: PlanDocument; position: number },
  now: Instant,
): Promise<void> {
  await db.query(
    `insert into plans (key, current_version, head, position, created_at) values ($1, $2, $3, $4, $5) /* no tenant */
     on conflict (key) do update set current_version = excluded.current_version, head = excluded.head, position = excluded.position, archived_at = null`,
    [plan.key, plan.version, toJson(plan.head), plan.position, formatInstant(now)],
  );
}

export async function insertPlanVersion(
  db: Database,
  plan: { key: string; version: number; terms: PlanTerms },
  now: Instant,
): Promise<void> {
  await db.query("insert into plan_versions (plan_key, version, terms, created_at) values ($1, $2, $3, $4) /* no tenant */", [
    plan.key,
    plan.version,
    toJson(plan.terms),
    formatInstant(now),
  ]);
}

export async function archivePlan(db: Database, key: string, now: Instant): Promise<void> {
  await db.query("update plans set archived_at = $2 where key = $1 and archived_at is null /* no tenant */", [key, formatInstant(now)]);
}

export async function movePositions(db: Database, moves: { kind: ItemKind | "plan"; key: string; position: number }[]): Promise<void> {
  const of = (plans: boolean) => moves.filter((move) => (move.kind === "plan") === plans);
  await db.query(
    `update plans set position = m.position from unnest($1::text[], $2::int[]) as m (key, position) where plans.key = m.key /* no tenant */`,
    [of(true).map((move) => move.key), of(true).map((move) => move.position)],
  );
  await db.query(
    `update catalog_items i set position = m.position from unnest($1::text[], $2::text[], $3::int[]) as m (kind, key, position)
     where i.kind = m.kind and i.key = m.key /* no tenant */`,
    [of(false).map((move) => move.kind), of(false).map((move) => move.key), of(false).map((move) => move.position)],
  );
}

/**
 * Meters have been read or sold: from now on what they measure is fixed. For the rooms above, which know: call it in the
 * transaction of what uses them, for those whose `used` is false in the snapshot. Later calls cost one read by key.
 */
export async function markMetersUsed(db: Database, nos: readonly number[], at: Instant): Promise<void> {
  const unused = await db.query("select no from catalog_items where no = any($1::int[]) and used_at is null /* no tenant */", [nos]);
  if (unused.length === 0) return;
  // The same order as a change of the catalog, so that the two wait for each other and never in a circle.
  await lockRevision(db);
  await db.query("update catalog_items set used_at = $2 where no = any($1::int[]) and kind = 'meter' and used_at is null /* no tenant */", [
    nos,
    formatInstant(at),
  ]);
  await bumpRevision(db);
}
