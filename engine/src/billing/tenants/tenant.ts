/** A tenant: the party that is billed. */
import { formatInstant, type Instant } from "../time/instant.ts";

/** The caller's own id of a tenant. */
export const TENANT_ID = /^[A-Za-z0-9_.:-]{1,128}$/;

export interface Address {
  line1?: string | null;
  line2?: string | null;
  city?: string | null;
  state?: string | null;
  postal_code?: string | null;
  country?: string | null;
}

/** What a PUT can set. */
export interface TenantFields {
  name: string | null;
  email: string | null;
  billing_email: string | null;
  currency: string | null;
  time_zone: string;
  address: Address | null;
  tax_id: string | null;
  /** No tax is put on its invoices. */
  tax_exempt: boolean;
  /** Whether its invoices are shown at the payment processor too; null: as the engine is set. */
  provider_sync: "off" | "invoices" | null;
  test_clock: string | null;
  metadata: Record<string, string>;
}

export const NEW_TENANT: TenantFields = {
  name: null,
  email: null,
  billing_email: null,
  currency: null,
  time_zone: "UTC",
  address: null,
  tax_id: null,
  tax_exempt: false,
  provider_sync: null,
  test_clock: null,
  metadata: {},
};

export function isTenantId(text: string): boolean {
  return TENANT_ID.test(text);
}

/** As the API prints it. */
export function tenantView(row: TenantFields & { id: string; created_at: Instant; updated_at: Instant; erased_at: Instant | null }) {
  return {
    tenant_id: row.id,
    name: row.name,
    email: row.email,
    billing_email: row.billing_email,
    currency: row.currency,
    time_zone: row.time_zone,
    address: row.address,
    tax_id: row.tax_id,
    tax_exempt: row.tax_exempt,
    provider_sync: row.provider_sync,
    test_clock: row.test_clock,
    metadata: row.metadata,
    created_at: formatInstant(row.created_at),
    updated_at: formatInstant(row.updated_at),
    erased_at: row.erased_at === null ? null : formatInstant(row.erased_at),
  };
}
