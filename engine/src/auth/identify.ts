/** From the Authorization header to a principal: an API key, a token of a person, or a session of a page. */
import { LRUCache } from "lru-cache";
import type { Context } from "../context.ts";
import { Refusal } from "../errors.ts";
import { hashKey } from "./keys.ts";
import { hashSecret, looksLikeSession, principalOf } from "./link.ts";
import { type Principal, PUBLIC } from "./principal.ts";
import { findSession } from "./session-store.ts";
import { findKey, touchKey } from "./store.ts";
import { looksLikeToken } from "./tokens.ts";

// A revoked key is refused within this time by every process, at once by the one that revoked it.
const CACHE_MS = 5_000;

interface Entry {
  principal: Principal;
  expiresAt: number | null;
}

const caches = new WeakMap<Context["pool"], LRUCache<string, Entry>>();

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

/** `beforeLookup` may refuse: it is asked only where the database would be. */
export async function identify(ctx: Context, header: string | undefined, beforeLookup?: () => Promise<void>): Promise<Principal> {
  if (header === undefined) return PUBLIC;
  const credential = /^Bearer +([\x21-\x7e]{1,4096})$/i.exec(header)?.[1];
  if (credential === undefined) throw new Refusal("unauthenticated", "Send credentials as `Authorization: Bearer …`.");
  if (looksLikeToken(credential)) return ctx.tokens(credential);
  const cache = cacheOf(ctx);
  let entry = cache.get(credential);
  if (!entry) {
    await beforeLookup?.();
    entry = looksLikeSession(credential) ? await sessionOf(ctx, credential) : await keyOf(ctx, credential);
    cache.set(credential, entry);
  }
  if (entry.expiresAt !== null && entry.expiresAt <= ctx.clock.now()) throw refused(entry.principal.kind);
  return entry.principal;
}

async function keyOf(ctx: Context, secret: string): Promise<Entry> {
  const row = await findKey(ctx.pool, hashKey(secret));
  if (!row || row.revoked_at !== null) throw refused("key");
  await touchKey(ctx.pool, row.id, ctx.clock.now());
  return {
    principal: { kind: "key", id: row.id, role: null, scopes: new Set(row.scopes), tenantId: row.tenant_id },
    expiresAt: row.expires_at,
  };
}

async function sessionOf(ctx: Context, secret: string): Promise<Entry> {
  const row = await findSession(ctx.pool, hashSecret(secret));
  if (!row || row.ended_at !== null) throw refused("session");
  return { principal: principalOf({ ...row, tenantId: row.tenant_id }), expiresAt: row.expires_at };
}

function refused(kind: Principal["kind"]): Refusal {
  return kind === "session"
    ? new Refusal("unauthenticated", "This session has ended. Ask for a new link.")
    : new Refusal("unauthenticated", "This API key is not valid: it is unknown, expired or revoked.");
}
