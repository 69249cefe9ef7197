/** Gives a key a successor that may do the same; the old one goes on for as long as a change-over takes. */

import type { Tx } from "../commit.ts";
import { invalidField, Refusal } from "../errors.ts";
import { createKey } from "./create-key.ts";
import { type ApiKeyRow, lockKey, replaceKey } from "./store.ts";

export async function rotateKey(tx: Tx, id: string, overlapSeconds: number): Promise<{ row: ApiKeyRow; secret: string }> {
  const old = await lockKey(tx, id);
  if (!old) throw new Refusal("not_found", "There is no such API key.");
  if (old.revoked_at !== null || (old.expires_at !== null && old.expires_at <= tx.now))
    throw new Refusal("invalid_state", "The key is revoked or has expired, so nothing is there to take over. Make a new one.");
  if (old.replaced_by !== null) throw new Refusal("invalid_state", `The key was rotated already; its successor is ${old.replaced_by}.`);
  if (old.expires_at !== null && overlapSeconds * 1_000 > old.expires_at - tx.now)
    throw invalidField("overlap_seconds", "reaches beyond the end of the key itself");
  const made = await createKey(tx, { name: old.name, scopes: old.scopes, tenantId: old.tenant_id, expiresAt: null });
  await replaceKey(tx, id, made.row.id, tx.now + overlapSeconds * 1_000);
  return made;
}
