/** What was asked under an idempotency key, as 128 bits of SHA-256 in the form of a uuid. */
import { hash } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { Decimal } from "../money/decimal.ts";

/** The parts that make two requests the same one, in a fixed order; amounts and quantities as decimals, so that 1 and "1.0" are one. */
export function fingerprintOf(...parts: (string | Decimal | null)[]): string {
  const text = JSON.stringify(parts.map((part) => (part === null || typeof part === "string" ? part : `#${part.toFixed()}`)));
  let print = known.get(text);
  if (print === undefined) {
    print = uuidOf(text);
    known.set(text, print);
  }
  return print;
}

// A few kinds of request come again and again, each under another key: one credit, the cost of one call.
const known = new LRUCache<string, string>({ max: 2_000 });

function uuidOf(text: string): string {
  const hex = hash("sha256", text, "hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}
