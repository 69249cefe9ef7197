/** What hot paths must know of a tenant, kept in the process. */
import type { Instant } from "../time/instant.ts";

export interface TenantRef {
  id: string;
  no: number;
  timeZone: string;
  currency: string | null;
  testClockId: string | null;
}

export interface TenantCache {
  find(tenantId: string): Promise<TenantRef | null>;
  /** Unknown ids are absent from the answer. One statement for all that are not cached. */
  findMany(tenantIds: readonly string[]): Promise<Map<string, TenantRef>>;
  /** The tenant's `now`: a test clock is read anew each time, for it may be moved by another process. */
  now(tenant: TenantRef): Promise<Instant>;
  forget(tenantId: string): void;
}
