/**
 * Arrays in PostgreSQL's binary form, the columns of a bulk insert: neither side escapes or parses text. pg sends a
 * parameter that is a Buffer as binary.
 */

const OID = { int4: 23, int8: 20, text: 25, timestamptz: 1184, uuid: 2950, jsonb: 3802 } as const;
const HEADER = 20;
const EPOCH_2000_US = 946_684_800_000_000;
const TWO_32 = 4_294_967_296;

function writeHeader(buffer: Buffer, oid: number, count: number): void {
  buffer.writeInt32BE(1, 0);
  buffer.writeInt32BE(0, 4);
  buffer.writeInt32BE(oid, 8);
  buffer.writeInt32BE(count, 12);
  buffer.writeInt32BE(1, 16);
}

// Zero dimensions: PostgreSQL refuses an array of one dimension without items.
function empty(oid: number): Buffer {
  const buffer = Buffer.alloc(12);
  buffer.writeInt32BE(oid, 8);
  return buffer;
}

// Whole numbers are written in this machine's order and swapped at once, which is ten times as fast as one by one.
function words(oid: number, count: number, each: number): Int32Array {
  const array = new Int32Array(5 + count * each);
  array[0] = 1;
  array[1] = 1;
  array[2] = oid;
  array[3] = count;
  array[4] = 1;
  return array;
}

function bigEndian(array: Int32Array, used: number): Buffer {
  return Buffer.from(array.buffer, 0, used * 4).swap32();
}

export function int4Column<T>(rows: readonly T[], of: (row: T) => number): Buffer {
  if (rows.length === 0) return empty(OID.int4);
  const array = words(OID.int4, rows.length, 2);
  let at = 5;
  for (const row of rows) {
    array[at++] = 4;
    array[at++] = of(row);
  }
  return bigEndian(array, at);
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
  const array = words(oid, rows.length, 3);
  let at = 5;
  for (const row of rows) {
    const value = of(row);
    if (value === null) {
      array[at++] = -1;
      continue;
    }
    const high = Math.floor(value / TWO_32);
    array[at++] = 8;
    array[at++] = high;
    array[at++] = value - high * TWO_32;
  }
  return bigEndian(array, at);
}

/** From 16 bytes as a latin1 text. */
export function uuidColumn<T>(rows: readonly T[], of: (row: T) => string): Buffer {
  if (rows.length === 0) return empty(OID.uuid);
  const buffer = Buffer.allocUnsafe(HEADER + rows.length * 20);
  writeHeader(buffer, OID.uuid, rows.length);
  let at = HEADER;
  for (const row of rows) {
    at = buffer.writeInt32BE(16, at);
    at += buffer.write(of(row), at, 16, "latin1");
  }
  return buffer;
}

export function textColumn<T>(rows: readonly T[], of: (row: T) => string | null): Buffer {
  return texts(OID.text, rows, of, false);
}

/** From JSON text. */
export function jsonbColumn<T>(rows: readonly T[], of: (row: T) => string): Buffer {
  return texts(OID.jsonb, rows, of, true);
}

function texts<T>(oid: number, rows: readonly T[], of: (row: T) => string | null, versioned: boolean): Buffer {
  if (rows.length === 0) return empty(oid);
  // A UTF-16 unit is at most three bytes of UTF-8.
  let bytes = 0;
  for (const row of rows) bytes += 5 + (of(row)?.length ?? 0) * 3;
  const buffer = Buffer.allocUnsafe(HEADER + bytes);
  writeHeader(buffer, oid, rows.length);
  let at = HEADER;
  for (const row of rows) {
    const text = of(row);
    if (text === null) {
      at = buffer.writeInt32BE(-1, at);
      continue;
    }
    const from = at + 4;
    let to = from;
    // jsonb travels as a version byte and its text.
    if (versioned) to = buffer.writeUInt8(1, to);
    to += buffer.write(text, to, "utf8");
    buffer.writeInt32BE(to - from, at);
    at = to;
  }
  return buffer.subarray(0, at);
}

/** Decimal texts or null, as a literal: small whole numbers are the rule, and their text is as short as their binary form. */
export function numericColumn<T>(rows: readonly T[], of: (row: T) => string | null): string {
  return literalColumn(rows, of);
}

/** Texts that need no quotes, or null, as a literal. */
export function literalColumn<T>(rows: readonly T[], of: (row: T) => string | null): string {
  let text = "{";
  for (let i = 0; i < rows.length; i++) text += i === 0 ? (of(rows[i]!) ?? "NULL") : `,${of(rows[i]!) ?? "NULL"}`;
  return `${text}}`;
}
