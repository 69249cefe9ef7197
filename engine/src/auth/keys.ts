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

/** A key of our own form with a wrong checksum is a typing error: refused without asking the database. */
export function isMistyped(secret: string): boolean {
  const match = /^bw_(?:live|test)_([A-Za-z0-9_-]{43})([0-9a-z]{7})$/.exec(secret);
  return match !== null && checksum(match[1]!) !== match[2];
}

function checksum(body: string): string {
  return crc32(body).toString(36).padStart(7, "0");
}
