/** Pages of the catalog's lists, which keep the order of the document. A cursor is the key that a page ended with. */
import { invalidField } from "../../errors.ts";
import { DEFAULT_LIMIT, decodeCursor, pageOf } from "../../http/list.ts";

export function pageByKey<R extends { key: string }, V>(
  rows: readonly R[],
  query: { limit?: number | undefined; cursor?: string | undefined },
  view: (row: R) => V,
) {
  const [last] = decodeCursor(query.cursor, 1) ?? [];
  const at = last === undefined ? -1 : rows.findIndex((row) => row.key === last);
  if (last !== undefined && at < 0) throw invalidField("cursor", "is not a cursor of this list");
  const limit = query.limit ?? DEFAULT_LIMIT;
  return pageOf(rows.slice(at + 1, at + 2 + limit), limit, view, (row) => [row.key]);
}
