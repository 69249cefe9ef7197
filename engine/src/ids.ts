/**
 * Identifiers that the engine makes: a type prefix and a time-ordered UUID (version 7) in the TypeID form,
 * 26 characters of Crockford base32: `inv_01j8…`.
 */
import { randomBytes } from "node:crypto";
import { systemClock } from "./clock.ts";

const PREFIXES = {
  subscription: "sub",
  invoice: "inv",
  line: "line",
  alert: "alert",
  event: "evt",
  grant: "grant",
  transaction: "txn",
  hold: "hold",
  payment: "pay",
  paymentMethod: "pm",
  webhookEndpoint: "we",
  webhookDelivery: "wd",
  apiKey: "key",
  testClock: "clock",
  request: "req",
  usageEvent: "use",
  setupIntent: "seti",
  discount: "disc",
  invoiceItem: "item",
  creditNote: "cn",
  refund: "refund",
  sending: "send",
  session: "sess",
  checkout: "co",
  creditPurchase: "cp",
  planCredits: "pcr",
  topUp: "top",
  topUpRule: "rule",
  receipt: "rcpt",
  bankStatement: "stmt",
  order: "ord",
  inboundEvent: "in",
  gatewayCustomer: "gc",
  dispute: "dis",
  processorCommand: "cmd",
  message: "msg",
  taxAnswer: "tax",
} as const;

export type IdKind = keyof typeof PREFIXES;

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const ID = /^[a-z]{2,8}_[0-7][0-9a-hjkmnp-tv-z]{25}$/;

// One call to the system's generator serves 256 ids.
let pool = randomBytes(4_096);
let used = 0;

function random16(): Buffer {
  if (used === pool.length) {
    pool = randomBytes(4_096);
    used = 0;
  }
  used += 16;
  return pool.subarray(used - 16, used);
}

let lastMs = 0;
let counter = 0;

/** A new id. `at` is the real time in milliseconds; ids of one process sort in the order they were made. */
export function newId(kind: IdKind, at: number = systemClock.now()): string {
  const bytes = random16();
  // A 12-bit counter in rand_a keeps the ids of one millisecond in order (RFC 9562, method 1).
  if (at > lastMs) {
    lastMs = at;
    counter = bytes.readUInt16BE(6) & 0x3ff;
  } else {
    counter += 1;
    if (counter > 0xfff) {
      lastMs += 1;
      counter = 0;
    }
  }
  bytes.writeUIntBE(lastMs, 0, 6);
  bytes.writeUInt16BE(0x7000 | counter, 6);
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return `${PREFIXES[kind]}_${base32(bytes)}`;
}

/** The id that 16 given bytes name: for things whose identity is a hash. */
export function idFromBytes(kind: IdKind, bytes: Buffer): string {
  return `${PREFIXES[kind]}_${base32(bytes)}`;
}

/** Whether a text has the form of an id of this kind; a route answers 404 for one that has not. */
export function isId(kind: IdKind, text: string): boolean {
  return ID.test(text) && text.startsWith(`${PREFIXES[kind]}_`);
}

const CODES = Buffer.from(ALPHABET, "latin1");
const text26 = Buffer.alloc(26);

// 128 bits as 26 characters of 5 bits, the first of 3. Into bytes, and one string at the end: an invoice run makes a million of
// these, and ingestion one for each event; by adding characters it takes four times as long.
function base32(bytes: Uint8Array): string {
  let bits = 2;
  let value = 0;
  let at = 0;
  for (let i = 0; i < 16; i++) {
    value = (value << 8) | bytes[i]!;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text26[at++] = CODES[(value >>> bits) & 31]!;
    }
    value &= (1 << bits) - 1;
  }
  return text26.toString("latin1");
}
