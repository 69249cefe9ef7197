/** A table whose numbers stand under each other, which scrolls by itself where it is wider than the page. `dense` where an operator works. */
import type { ReactNode } from "react";
import { classes } from "./classes.ts";

export interface Column<T> {
  key: string;
  head: ReactNode;
  cell: (row: T) => ReactNode;
  /** Numbers stand at the end of their cell. */
  number?: boolean;
  /** Left out on a phone. */
  wideOnly?: boolean;
}

interface TableProps<T> {
  /** What a screen reader calls it. */
  label: string;
  columns: readonly Column<T>[];
  rows: readonly T[];
  keyOf: (row: T) => string;
  dense?: boolean;
  foot?: ReactNode;
}

export function Table<T>({ label, columns, rows, keyOf, dense = false, foot }: TableProps<T>) {
  // The first and the last stand under the title of the card that they are in.
  const pad = classes("px-3 first:pl-5 last:pr-5 sm:first:pl-6 sm:last:pr-6", dense ? "py-1.5" : "py-2.5");
  const look = ({ number, wideOnly }: Column<T>) => classes(pad, number && "figures text-right", wideOnly && "max-sm:hidden");
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
    <section aria-label={label} tabIndex={0} className="relative overflow-x-auto">
      <table className="w-full border-collapse text-small">
        <thead>
          <tr className="border-b border-line text-left text-ink-soft">
            {columns.map((column) => (
              <th key={column.key} scope="col" className={classes(look(column), "whitespace-nowrap font-semibold")}>
                {column.head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="divide-y divide-line">
          {rows.map((row) => (
            <tr key={keyOf(row)} className="hover:bg-sunken/60">
              {columns.map((column) => (
                <td key={column.key} className={classes(look(column), "align-baseline")}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
        {foot && <tfoot className="border-t border-line-strong font-semibold">{foot}</tfoot>}
      </table>
    </section>
  );
}
