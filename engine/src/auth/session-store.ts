/** SQL of portal_links and sessions. Secrets are looked up by their hash, which says whose they are. */
import type { Instant } from "../billing/time/instant.ts";
import { formatInstant } from "../billing/time/instant.ts";
import { type Database, type Pool, run } from "../db/pool.ts";
import type { Role } from "./roles.ts";

export interface LinkRow {
  tenant_id: string | null;
  role: Role;
  subject: string | null;
  return_url: string | null;
  expires_at: Instant;
}

export interface SessionRow {
  id: string;
  tenant_id: string | null;
  role: Role;
  subject: string | null;
  expires_at: Instant;
  ended_at: Instant | null;
}

export async function insertLink(db: Database, hash: Buffer, link: LinkRow, now: Instant): Promise<void> {
  await db.query(
    `insert into portal_links (token_hash, tenant_id, role, subject, return_url, expires_at, created_at) values ($1, $2, $3, $4, $5, $6, $7)`,
    [hash, link.tenant_id, link.role, link.subject, link.return_url, formatInstant(link.expires_at), formatInstant(now)],
  );
}

/** Takes a link that was not used and has not ended; null: there is none. */
export async function useLink(db: Database, hash: Buffer, now: Instant): Promise<LinkRow | null> {
  const rows = await db.query<LinkRow>(
    `/* all tenants: the link says whose it is */ update portal_links set used_at = $2
     where token_hash = $1 and used_at is null and expires_at > $2 returning tenant_id, role, subject, return_url, expires_at`,
    [hash, formatInstant(now)],
  );
  return rows[0] ?? null;
}

export async function insertSession(db: Database, hash: Buffer, session: Omit<SessionRow, "ended_at">, now: Instant): Promise<void> {
  await db.query(
    `insert into sessions (id, secret_hash, tenant_id, role, subject, expires_at, created_at) values ($1, $2, $3, $4, $5, $6, $7)`,
    [session.id, hash, session.tenant_id, session.role, session.subject, formatInstant(session.expires_at), formatInstant(now)],
  );
}

export async function findSession(pool: Pool, hash: Buffer): Promise<SessionRow | null> {
  const rows = await run<SessionRow>(
    pool,
    "/* all tenants: the session says whose it is */ select id, tenant_id, role, subject, expires_at, ended_at from sessions where secret_hash = $1",
    [hash],
  );
  return rows[0] ?? null;
}

export async function endSession(db: Database, hash: Buffer, now: Instant): Promise<void> {
  await db.query(
    "/* all tenants: the session says whose it is */ update sessions set ended_at = coalesce(ended_at, $2) where secret_hash = $1",
    [hash, formatInstant(now)],
  );
}

/** What has ended a day ago is of no use to anybody. */
export async function deleteEnded(db: Database, before: Instant): Promise<void> {
  await db.query("/* all tenants: housekeeping */ delete from portal_links where expires_at < $1", [formatInstant(before)]);
  await db.query("/* all tenants: housekeeping */ delete from sessions where expires_at < $1", [formatInstant(before)]);
}

/** Of one tenant: links are dropped, sessions end and name nobody. */
export async function erasePeople(db: Database, tenantId: string, now: Instant): Promise<void> {
  await db.query("delete from portal_links where tenant_id = $1", [tenantId]);
  await db.query("update sessions set ended_at = coalesce(ended_at, $2), subject = null where tenant_id = $1", [
    tenantId,
    formatInstant(now),
  ]);
}
