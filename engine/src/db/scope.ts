/**
 * For whom the database is asked, carried along with the work (row-level security, migration 0012). Without a scope it is the
 * platform; whoever is confined to one tenant is so in the database, too.
 */
import { AsyncLocalStorage } from "node:async_hooks";

/** Sees every tenant. */
export const PLATFORM = "*";

const storage = new AsyncLocalStorage<string>();

/** Runs the work for one tenant: rows of others do not exist for it. */
export function confinedTo<T>(tenantId: string, work: () => T): T {
  return storage.run(tenantId, work);
}

/** The tenant that the work under way is confined to; null: none. */
export function confinement(): string | null {
  return storage.getStore() ?? null;
}
