/**
 * Arrays in PostgreSQL's binary form, the columns of a bulk insert: neither side escapes or parses text. pg sends a
 * parameter that is a Buffer as binary.
 */

const OID = { int4: 23, int8: 20, text: 25, timestamptz: 1184, uuid: 2950, jsonb: 3802 } as const;
const HEADER = 20;
const EPOCH_2000_US = 946_684_800_000_000;
const TWO_32 = 4_294_967_296;

function start(oid: number, count: number, nulls: boolean, bytes: number): Buffer {
  const buffer = Buffer.allocUnsafe(HEADER + bytes);
  buffer.writeInt32BE(1, 0);
  buffer.writeInt32BE(nulls ? 1 : 0, 4);
  buffer.writeInt32BE(oid, 8);
  buffer.writeInt32BE(count, 12);
  buffer.writeInt32BE(1, 16);
  return buffer;
}

// Zero dimensions: PostgreSQL refuses an array of one dimension without items.
function empty(oid: number): Buffer {
  const buffer = Buffer.alloc(12);
  buffer.writeInt32BE(oid, 8);
  return buffer;
}

export function int4Column<T>(rows: readonly T[], of: (row: T) => number): Buffer {
  if (rows.length === 0) return empty(OID.int4);
  const buffer = start(OID.int4, rows.length, false, rows.length * 8);
  let at = HEADER;
  for (const row of rows) {
    at = buffer.writeInt32BE(4, at);
    at = buffer.writeInt32BE(of(row), at);
  }
  return buffer;
}

export function int8Column<T>(rows: readonly T[], of: (row: T) => number | null): Buffer {
  return wide(OID.int8, rows, of);
}

/** From microseconds since 1970. */
export function timestamptzColumn<T>(rows: readonly T[], of: (row: T) => number): Buffer {
  return wide(OID.timestamptz, rows, (row) => of(row) - EPOCH_2000_US);
}

function wide<T>(oid: number, rows: readonly T[], of: (row: T) => number | null): Buffer {
  if (rows.length === 0) return empty(oid);
  const buffer = start(oid, rows.length, true, rows.length * 12);
  let at = HEADER;
  for (const row of rows) {
    const value = of(row);
    if (value === null) {
      at = buffer.writeInt32BE(-1, at);
      continue;
    }
    const high = Math.floor(value / TWO_32);
    at = buffer.writeInt32BE(8, at);
    at = buffer.writeInt32BE(high, at);
    at = buffer.writeUInt32BE(value - high * TWO_32, at);
  }
  return buffer.subarray(0, at);
}

/** From 16 bytes as a latin1 text. */
export function uuidColumn<T>(rows: readonly T[], of: (row: T) => string): Buffer {
  if (rows.length === 0) return empty(OID.uuid);
  const buffer = start(OID.uuid, rows.length, false, rows.length * 20);
  let at = HEADER;
  for (const row of rows) {
    at = buffer.writeInt32BE(16, at);
    at += buffer.write(of(row), at, 16, "latin1");
  }
  return buffer;
}

export function textColumn<T>(rows: readonly T[], of: (row: T) => string): Buffer {
  return texts(OID.text, rows, of, false);
}

/** From JSON text. */
export function jsonbColumn<T>(rows: readonly T[], of: (row: T) => string): Buffer {
  return texts(OID.jsonb, rows, of, true);
}

function texts<T>(oid: number, rows: readonly T[], of: (row: T) => string, versioned: boolean): Buffer {
  if (rows.length === 0) return empty(oid);
  // A UTF-16 unit is at most three bytes of UTF-8.
  let bytes = 0;
  for (const row of rows) bytes += 5 + of(row).length * 3;
  const buffer = start(oid, rows.length, false, bytes);
  let at = HEADER;
  for (const row of rows) {
    const from = at + 4;
    let to = from;
    // jsonb travels as a version byte and its text.
    if (versioned) to = buffer.writeUInt8(1, to);
    to += buffer.write(of(row), to, "utf8");
    buffer.writeInt32BE(to - from, at);
    at = to;
  }
  return buffer.subarray(0, at);
}

/** Decimal texts or null, as a literal: small whole numbers are the rule, and their text is as short as their binary form. */
export function numericColumn<T>(rows: readonly T[], of: (row: T) => string | null): string {
  let text = "{";
  for (let i = 0; i < rows.length; i++) text += i === 0 ? (of(rows[i]!) ?? "NULL") : `,${of(rows[i]!) ?? "NULL"}`;
  return `${text}}`;
}
