/** The demo's API key. Unlike others it is kept in the open, in a file of its own, so that every start can print it again. */
import { chmodSync, existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hashKey, mintKey } from "../../auth/keys.ts";
import { ENGINE } from "../../auth/principal.ts";
import { insertKey } from "../../auth/store.ts";
import { commit } from "../../commit.ts";
import type { Context } from "../../context.ts";
import { makeDataDir } from "../../db/embedded/place.ts";
import { newId } from "../../ids.ts";

export function demoKeyFile(dataDir: string): string {
  return join(dataDir, "demo-key");
}

/** The secret in the data folder; made on the first start. The database gets to know it if it does not. */
export async function ensureDemoKey(ctx: Context): Promise<string> {
  const file = demoKeyFile(makeDataDir(ctx.config.dataDir));
  // Renamed into place whole, so that a kill leaves no half of a key behind.
  if (!existsSync(file)) {
    writeFileSync(`${file}.new`, `${mintKey("sandbox").secret}\n`, { mode: 0o600 });
    chmodSync(`${file}.new`, 0o600);
    renameSync(`${file}.new`, file);
  }
  const secret = readFileSync(file, "utf8").trim();
  await commit(ctx, { principal: ENGINE }, (tx) =>
    insertKey(tx, {
      id: newId("apiKey"),
      name: "Demo",
      prefix: secret.slice(0, 14),
      hash: hashKey(secret),
      scopes: ["admin"],
      tenantId: null,
      expiresAt: null,
      createdAt: tx.now,
    }),
  );
  return secret;
}
