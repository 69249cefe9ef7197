/** Cursors of lists: opaque to the caller, a position in the order of the list to us. */
import { invalidField } from "../errors.ts";

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
  throw invalidField("cursor", "is not a cursor of this list");
}

/** A page from one row more than was asked: the row beyond says that there is a next page. */
export function pageOf<R, V>(rows: R[], limit: number, view: (row: R) => V, position: (row: R) => (string | number)[]) {
  const kept = rows.slice(0, limit);
  const last = kept.at(-1);
  return { items: kept.map(view), next_cursor: rows.length > limit && last ? encodeCursor(position(last)) : null };
}
