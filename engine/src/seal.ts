/**
 * Secrets that must be read again (they sign what is sent) are stored sealed: AES-256-GCM by a key of the settings, bound to what they are the
 * secret of, so that no row passes for another's. What need not be read again is stored as a hash instead (auth/keys.ts).
 */
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ConfigError } from "./config/env.ts";
import { parseSecretKeys, type SecretKey } from "./config/secrets.ts";
import type { Config } from "./config.ts";
import { Refusal } from "./errors.ts";

export interface Sealed {
  /** Which key opens it. */
  keyId: string;
  sealed: Buffer;
}

export interface Seal {
  /** By the first key. `about`: what it is the secret of. */
  close(secret: string, about: string): Sealed;
  /** Throws where the key is not there, or the bytes are another's. */
  open(sealed: Sealed, about: string): string;
  /** The ids of the keys that are there, the one that seals first; none: nothing can be sealed here. */
  keyIds(): readonly string[];
}

export class SealError extends Error {
  override readonly name = "SealError";
}

const NONCE = 12;
const TAG = 16;

/** Where a sandbox keeps the key that it made for itself. */
export const KEY_FILE = "secrets.key";

export function createSeal({ secretKeys, mode, dataDir }: Pick<Config, "secretKeys" | "mode" | "dataDir">): Seal {
  let keys: readonly SecretKey[] | null = secretKeys.length > 0 || mode === "live" ? secretKeys : null;
  const all = (make: boolean): readonly SecretKey[] => {
    if (keys !== null) return keys;
    const own = ownKey(dataDir, make);
    if (own !== null) keys = [own];
    return keys ?? [];
  };
  return {
    keyIds: () => all(false).map(({ id }) => id),
    close: (secret, about) => {
      const [first] = all(true);
      if (!first) throw new Refusal("unavailable", "Secrets cannot be stored here: SECRETS_KEY is not set on this engine.");
      const nonce = randomBytes(NONCE);
      const cipher = createCipheriv("aes-256-gcm", first.key, nonce).setAAD(Buffer.from(`${first.id}\n${about}`));
      const text = Buffer.concat([cipher.update(secret, "utf8"), cipher.final()]);
      return { keyId: first.id, sealed: Buffer.concat([nonce, text, cipher.getAuthTag()]) };
    },
    open: ({ keyId, sealed }, about) => {
      const found = all(false).find(({ id }) => id === keyId);
      if (!found) throw new SealError(`SECRETS_KEY has no key with the id ${keyId}, which a stored secret was sealed with`);
      try {
        const decipher = createDecipheriv("aes-256-gcm", found.key, sealed.subarray(0, NONCE), { authTagLength: TAG });
        decipher.setAAD(Buffer.from(`${keyId}\n${about}`)).setAuthTag(sealed.subarray(-TAG));
        return Buffer.concat([decipher.update(sealed.subarray(NONCE, -TAG)), decipher.final()]).toString("utf8");
      } catch {
        throw new SealError(`the key ${keyId} of SECRETS_KEY does not open a stored secret: it is not the key that sealed it`);
      }
    },
  };
}

/** A sandbox makes itself a key at the first secret, beside its database's password. Whoever comes second reads what the first one wrote. */
function ownKey(dataDir: string, make: boolean): SecretKey | null {
  const path = join(dataDir, KEY_FILE);
  const read = (): SecretKey | null => {
    try {
      return parseSecretKeys(readFileSync(path, "utf8").trim(), path)[0] ?? null;
    } catch (error) {
      if (error instanceof ConfigError) throw new SealError(error.message);
      return null;
    }
  };
  const known = read();
  if (known !== null || !make) return known;
  mkdirSync(dataDir, { recursive: true });
  const draft = `${path}.${randomBytes(6).toString("hex")}`;
  writeFileSync(draft, `own-${randomBytes(3).toString("hex")}:${randomBytes(32).toString("base64")}\n`, { mode: 0o600 });
  try {
    linkSync(draft, path);
  } catch (error) {
    if ((error as { code?: string }).code !== "EEXIST") throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  return read();
}
