/** What opens a page for somebody without a password: a link that works once and soon ends, and the session that it opens. */
import { createHash, randomBytes } from "node:crypto";
import type { Principal } from "./principal.ts";
import { ROLES, type Role, scopesOf } from "./roles.ts";

export const LINK_MS = 15 * 60_000;
export const SESSION_MS = 8 * 3_600_000;
const SESSION_FORM = "bw_sess_";

/** Whose pages a link opens. */
export interface Holder {
  /** null: the operator's own pages. */
  tenantId: string | null;
  role: Role;
  /** Who it is for, in the caller's own words. */
  subject: string | null;
}

/** 256 random bits; only the hash is kept. */
export function mintSecret(kind: "link" | "session"): { secret: string; hash: Buffer } {
  const secret = `${kind === "session" ? SESSION_FORM : ""}${randomBytes(32).toString("base64url")}`;
  return { secret, hash: hashSecret(secret) };
}

export function hashSecret(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}

export function looksLikeSession(credential: string): boolean {
  return credential.startsWith(SESSION_FORM);
}

/** Nobody hands on more than they may themselves; a server's key may name any role of a tenant. */
export function mayGrant(principal: Principal, role: Role): boolean {
  if (role === "platform_admin") return principal.tenantId === null && principal.scopes.has("admin");
  if (principal.role === null) return true;
  return ROLES.indexOf(role) >= ROLES.indexOf(principal.role);
}

export function principalOf(session: { id: string } & Holder): Principal {
  return {
    kind: "session",
    id: session.subject ?? session.id,
    role: session.role,
    scopes: scopesOf(session.role),
    tenantId: session.tenantId,
  };
}
