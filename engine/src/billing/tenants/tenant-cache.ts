/** What hot paths must know of tenants, kept in the process for a few seconds. A tenant that does not exist is not remembered. */
import { LRUCache } from "lru-cache";
import type { Clock } from "../../clock.ts";
import { onPool, type Pool } from "../../db/pool.ts";
import type { TenantCache, TenantRef } from "./cache.ts";
import { findRefs, readClock } from "./store.ts";
import { isTenantId } from "./tenant.ts";

// Another process's change is seen within this time; this one's own at once, by `forget`.
const MAX_AGE_MS = 5_000;
// A ref is some 300 bytes: 60 MB at the most.
const MAX_TENANTS = 200_000;

export function createTenantCache(pool: Pool, clock: Clock): TenantCache {
  const db = onPool(pool);
  const refs = new LRUCache<string, TenantRef>({ max: MAX_TENANTS, ttl: MAX_AGE_MS, ttlResolution: 100 });
  // Counts changes, so that what was read before a change is not kept after it.
  let changes = 0;

  async function load(ids: readonly string[]): Promise<TenantRef[]> {
    const before = changes;
    const found = await findRefs(db, ids);
    if (changes === before) for (const ref of found) refs.set(ref.id, ref);
    return found;
  }

  return {
    async find(tenantId) {
      if (!isTenantId(tenantId)) return null;
      return refs.get(tenantId) ?? (await load([tenantId]))[0] ?? null;
    },
    async findMany(tenantIds) {
      const found = new Map<string, TenantRef>();
      const missing: string[] = [];
      for (const id of new Set(tenantIds)) {
        const ref = refs.get(id);
        if (ref) found.set(id, ref);
        else if (isTenantId(id)) missing.push(id);
      }
      if (missing.length > 0) for (const ref of await load(missing)) found.set(ref.id, ref);
      return found;
    },
    async now(tenant) {
      if (tenant.testClockId === null) return clock.now();
      return (await readClock(db, tenant.testClockId)) ?? clock.now();
    },
    forget(tenantId) {
      changes += 1;
      refs.delete(tenantId);
    },
  };
}
