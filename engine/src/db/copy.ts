/** COPY into a table: the fastest way in for many rows (a third faster than an insert of unnested arrays). */
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { from as copyFrom } from "pg-copy-streams";
import { APP_ROLE, type Connection } from "./pool.ts";

export type CopyValue = string | number | bigint | boolean | null;

/**
 * In a transaction. `table` and `columns` are written by us, never by a caller. Each row has its values in the order of the columns.
 * `confinedTo`: the one tenant whose rows they must be.
 */
export async function copyInto(
  connection: Connection,
  table: string,
  columns: readonly string[],
  rows: readonly (readonly CopyValue[])[],
  confinedTo: string | null = null,
): Promise<void> {
  if (rows.length === 0) return;
  if (confinedTo !== null) checkRows(table, columns, rows, confinedTo);
  // COPY is closed to a role that policies hold for. It is left for this statement alone; the rows were checked above.
  await connection.query("set local role none");
  const sink = connection.query(copyFrom(`copy ${table} (${columns.join(", ")}) from stdin`));
  await pipeline(Readable.from(chunks(rows), { objectMode: false }), sink);
  await connection.query(`set local role ${APP_ROLE}`);
}

function checkRows(table: string, columns: readonly string[], rows: readonly (readonly CopyValue[])[], tenantId: string): void {
  const at = columns.indexOf("tenant_id");
  const stranger = at === -1 ? rows[0] : rows.find((row) => row[at] !== tenantId);
  if (stranger) throw new Error(`a write that is confined to ${tenantId} would copy rows of others into ${table}`);
}

const CHUNK_ROWS = 500;

function* chunks(rows: readonly (readonly CopyValue[])[]): Generator<Buffer> {
  for (let from = 0; from < rows.length; from += CHUNK_ROWS) {
    let text = "";
    for (const row of rows.slice(from, from + CHUNK_ROWS)) {
      for (let i = 0; i < row.length; i++) text += i === 0 ? field(row[i]!) : `\t${field(row[i]!)}`;
      text += "\n";
    }
    yield Buffer.from(text);
  }
}

const SPECIAL = /[\\\t\n\r]/;
const ESCAPES: Readonly<Record<string, string>> = { "\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r" };

function field(value: CopyValue): string {
  if (value === null) return "\\N";
  if (typeof value === "boolean") return value ? "t" : "f";
  if (typeof value !== "string") return String(value);
  return SPECIAL.test(value) ? value.replace(/[\\\t\n\r]/g, (char) => ESCAPES[char]!) : value;
}
