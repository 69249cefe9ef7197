/** Makes an API key. Only its hash is stored. */
import type { Instant } from "../billing/time/instant.ts";
import type { Tx } from "../commit.ts";
import { invalidField } from "../errors.ts";
import { newId } from "../ids.ts";
import { mintKey } from "./keys.ts";
import type { Scope } from "./principal.ts";
import { type ApiKeyRow, insertKey } from "./store.ts";

const FOREIGN_KEY = "23503";

export interface NewKey {
  name: string;
  scopes: Scope[];
  /** Set: the key sees and changes this tenant only. */
  tenantId: string | null;
  expiresAt: Instant | null;
}

export async function createKey(tx: Tx, key: NewKey): Promise<{ row: ApiKeyRow; secret: string }> {
  if (key.expiresAt !== null && key.expiresAt <= tx.now) throw invalidField("expires_at", "is past already");
  const { secret, prefix, hash } = mintKey(tx.ctx.config.mode);
  try {
    const row = await insertKey(tx, { ...key, id: newId("apiKey"), prefix, hash, createdAt: tx.now });
    return { row: row!, secret };
  } catch (error) {
    if ((error as { code?: string }).code === FOREIGN_KEY) throw invalidField("tenant_id", "names no tenant");
    throw error;
  }
}
