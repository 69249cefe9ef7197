/** API keys: `bw_test_` or `bw_live_`, 32 random bytes, a checksum. Only the SHA-256 is stored. */
import { createHash, randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";

export interface MintedKey {
  /** Shown once. */
  secret: string;
  /** What a list may show of it. */
  prefix: string;
  hash: Buffer;
}

export function mintKey(mode: "sandbox" | "live"): MintedKey {
  const body = randomBytes(32).toString("base64url");
  const secret = `bw_${mode === "live" ? "live" : "test"}_${body}${checksum(body)}`;
  return { secret, prefix: secret.slice(0, 14), hash: hashKey(secret) };
}

export function hashKey(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}

// Lets a secret scanner tell a key of ours from a text that only looks like one.
function checksum(body: string): string {
  return crc32(body).toString(36).padStart(7, "0");
}
