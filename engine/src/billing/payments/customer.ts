/** Who a tenant is at a gateway: what it is told of them, and whether that is news. Pure. */
import { createHash } from "node:crypto";
import type { Address } from "../tenants/tenant.ts";
import type { CustomerProfile } from "./gateway.ts";

export function profileOf(tenant: { name: string | null; email: string | null; address: Address | null }): CustomerProfile {
  const { address } = tenant;
  return {
    name: tenant.name,
    email: tenant.email,
    address: address && {
      line1: address.line1 ?? null,
      line2: address.line2 ?? null,
      city: address.city ?? null,
      state: address.state ?? null,
      postalCode: address.postal_code ?? null,
      country: address.country ?? null,
    },
  };
}

/** Names what was told without holding it: nothing personal is kept a second time. */
export function profileMark(profile: CustomerProfile): string {
  return createHash("sha256").update(JSON.stringify(profile)).digest("hex").slice(0, 32);
}
