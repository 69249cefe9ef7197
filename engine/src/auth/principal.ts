/** Who asks, and what the routes may demand of them. */

export const SCOPES = ["billing.read", "billing.write", "usage.write", "admin"] as const;
export type Scope = (typeof SCOPES)[number];

/** What a route declares. `any` asks only for credentials, `public` for nothing. */
export type Permission = Scope | "any" | "public";

export interface Principal {
  kind: "key" | "engine" | "public";
  /** The id of the key; of the engine itself, `engine`. */
  id: string;
  scopes: ReadonlySet<Scope>;
  /** Set: confined to this tenant; everybody else's data does not exist for it. */
  tenantId: string | null;
}

/** The engine acting by itself: sweeps, jobs, the command line on its own database. */
export const ENGINE: Principal = { kind: "engine", id: "engine", scopes: new Set(SCOPES), tenantId: null };
export const PUBLIC: Principal = { kind: "public", id: "public", scopes: new Set(), tenantId: null };

/** `admin` holds everything; `billing.write` includes reading. */
export function allows(principal: Principal, permission: Permission): boolean {
  if (permission === "public") return true;
  if (principal.kind === "public") return false;
  if (permission === "any" || principal.scopes.has("admin")) return true;
  if (permission === "billing.read" && principal.scopes.has("billing.write")) return true;
  return principal.scopes.has(permission);
}
