/** The first key, from the environment: without it a fresh engine could be asked nothing. */
import { commit } from "../commit.ts";
import type { Context } from "../context.ts";
import { newId } from "../ids.ts";
import { hashKey } from "./keys.ts";
import { ENGINE } from "./principal.ts";
import { insertKey } from "./store.ts";

export const FIRST_KEY = "BILLWRIGHT_API_KEY";

/** Makes the key of `config.apiKey` if there is none; one that was revoked stays revoked. */
export async function ensureFirstKey(ctx: Context): Promise<void> {
  const secret = ctx.config.apiKey;
  if (secret === null) return;
  await commit(ctx, { principal: ENGINE }, (tx) =>
    insertKey(tx, {
      id: newId("apiKey"),
      name: FIRST_KEY,
      prefix: secret.slice(0, Math.min(14, secret.length - 8)),
      hash: hashKey(secret),
      scopes: ["admin"],
      tenantId: null,
      expiresAt: null,
      createdAt: tx.now,
    }),
  );
}
