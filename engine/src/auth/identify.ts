/** From the Authorization header to a principal. */
import { LRUCache } from "lru-cache";
import type { Context } from "../context.ts";
import { Refusal } from "../errors.ts";
import { hashKey } from "./keys.ts";
import { type Principal, PUBLIC } from "./principal.ts";
import { findKey, touchKey } from "./store.ts";

// A revoked key is refused within this time by every process, at once by the one that revoked it.
const CACHE_MS = 5_000;
const caches = new WeakMap<Context["pool"], LRUCache<string, { principal: Principal; expiresAt: number | null }>>();

function cacheOf(ctx: Context) {
  let cache = caches.get(ctx.pool);
  if (!cache) {
    cache = new LRUCache({ max: 10_000, ttl: CACHE_MS });
    caches.set(ctx.pool, cache);
  }
  return cache;
}

export function forgetKeys(ctx: Context): void {
  cacheOf(ctx).clear();
}

export async function identify(ctx: Context, header: string | undefined): Promise<Principal> {
  if (header === undefined) return PUBLIC;
  const secret = /^Bearer +([\x21-\x7e]{1,4096})$/i.exec(header)?.[1];
  if (secret === undefined) throw refused();
  const cache = cacheOf(ctx);
  let entry = cache.get(secret);
  if (!entry) {
    const row = await findKey(ctx.pool, hashKey(secret));
    if (!row || row.revoked_at !== null) throw refused();
    entry = { principal: { kind: "key", id: row.id, scopes: new Set(row.scopes), tenantId: row.tenant_id }, expiresAt: row.expires_at };
    cache.set(secret, entry);
    await touchKey(ctx.pool, row.id, ctx.clock.now());
  }
  if (entry.expiresAt !== null && entry.expiresAt <= ctx.clock.now()) throw refused();
  return entry.principal;
}

function refused(): Refusal {
  return new Refusal("unauthenticated", "This API key is not valid: it is unknown, expired or revoked.");
}
