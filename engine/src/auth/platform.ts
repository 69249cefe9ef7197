/** Refuses who is confined to one tenant where something of all tenants would change. */
import { Refusal } from "../errors.ts";
import type { Principal } from "./principal.ts";

export function requirePlatform(principal: Principal): void {
  if (principal.tenantId !== null) throw new Refusal("forbidden", "This key is confined to one tenant, and this belongs to all of them.");
}
