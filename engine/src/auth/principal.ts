/** Who asks, and what the routes may demand of them. */
import type { Role } from "./roles.ts";

export const SCOPES = ["billing.read", "billing.write", "usage.write", "admin"] as const;
export type Scope = (typeof SCOPES)[number];

/**
 * What a route declares. `any` asks only for credentials, `public` for nothing; `operate` is `billing.write` of somebody who is
 * not confined to one tenant: who is billed does not forgive their own debts, nor give themselves credits.
 */
export const PERMISSIONS = [...SCOPES, "operate", "any", "public"] as const;
export type Permission = (typeof PERMISSIONS)[number];

export interface Principal {
  kind: "key" | "person" | "session" | "engine" | "public";
  /** The id of the key; of a person, `sub` of their token; of the engine itself, `engine`. */
  id: string;
  /** Of people and their sessions. */
  role: Role | null;
  scopes: ReadonlySet<Scope>;
  /** Set: confined to this tenant; everybody else's data does not exist for it. */
  tenantId: string | null;
}

/** The engine acting by itself: sweeps, jobs, the command line on its own database. */
export const ENGINE: Principal = { kind: "engine", id: "engine", role: null, scopes: new Set(SCOPES), tenantId: null };
export const PUBLIC: Principal = { kind: "public", id: "public", role: null, scopes: new Set(), tenantId: null };

/** `admin` holds everything; `billing.write` includes reading. */
export function allows(principal: Principal, permission: Permission): boolean {
  if (permission === "public") return true;
  if (principal.kind === "public") return false;
  if (permission === "operate")
    return principal.tenantId === null && (principal.scopes.has("admin") || principal.scopes.has("billing.write"));
  if (permission === "any" || principal.scopes.has("admin")) return true;
  if (permission === "billing.read" && principal.scopes.has("billing.write")) return true;
  return principal.scopes.has(permission);
}
