/** Cursors of lists: opaque to the caller, a position in the order of the list to us. */
import { parseInstant } from "../billing/time/instant.ts";
import { invalidField, type Refusal } from "../errors.ts";

export const DEFAULT_LIMIT = 25;

export function encodeCursor(position: (string | number)[]): string {
  return Buffer.from(JSON.stringify(position)).toString("base64url");
}

/** The position, or null at the start. A text that is no cursor of ours is a 422. */
export function decodeCursor(cursor: string | undefined, parts: number): string[] | null {
  if (cursor === undefined || cursor === "") return null;
  try {
    const position: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
    if (Array.isArray(position) && position.length === parts && position.every((part) => /^[\w.:+-]{1,200}$/.test(String(part))))
      return position.map(String);
  } catch {
    // Falls through to the refusal.
  }
  throw noCursor();
}

/** The position in a list by time: an instant and an id. */
export function decodeMoment(cursor: string | undefined): string[] | null {
  const position = decodeCursor(cursor, 2);
  if (position !== null && parseInstant(position[0]!) === null) throw noCursor();
  return position;
}

/** The position in a list that is numbered. */
export function decodeNumber(cursor: string | undefined): string | null {
  const number = decodeCursor(cursor, 1)?.[0] ?? null;
  if (number !== null && !/^\d{1,18}$/.test(number)) throw noCursor();
  return number;
}

function noCursor(): Refusal {
  return invalidField("cursor", "is not a cursor of this list");
}

/** A page from one row more than was asked: the row beyond says that there is a next page. */
export function pageOf<R, V>(rows: R[], limit: number, view: (row: R) => V, position: (row: R) => (string | number)[]) {
  const kept = rows.slice(0, limit);
  const last = kept.at(-1);
  return { items: kept.map(view), next_cursor: rows.length > limit && last ? encodeCursor(position(last)) : null };
}
