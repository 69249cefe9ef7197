/** What people may do by the role that their token says (api.md, roles). Servers have scopes instead, written on their key. */
import type { Scope } from "./principal.ts";

export const ROLES = ["platform_admin", "owner", "admin", "member", "viewer"] as const;
export type Role = (typeof ROLES)[number];

const SCOPES_OF: Record<Role, readonly Scope[]> = {
  platform_admin: ["admin", "billing.read", "billing.write", "usage.write"],
  owner: ["billing.read", "billing.write", "usage.write"],
  admin: ["billing.read", "billing.write", "usage.write"],
  member: ["billing.read", "usage.write"],
  viewer: ["billing.read"],
};

export function scopesOf(role: Role): ReadonlySet<Scope> {
  return new Set(SCOPES_OF[role]);
}

/** Everybody but the platform's own people belongs to one tenant. */
export function isConfined(role: Role): boolean {
  return role !== "platform_admin";
}

export function isRole(value: unknown): value is Role {
  return (ROLES as readonly unknown[]).includes(value);
}
