/** Aligned plain-text tables; columns of numbers to the right. */

export type Cell = string | number | bigint | null;

const NUMBER = /^[-+~]?[\d,]+(\.\d+)?%?$/;

/** Lines without a header where `header` is null. No trailing spaces, a line end after each row. */
export function table(header: readonly string[] | null, rows: readonly (readonly Cell[])[]): string {
  const texts = rows.map((row) => row.map(textOf));
  const all = header ? [[...header], ...texts] : texts;
  const width = Math.max(0, ...all.map((row) => row.length));
  const columns = Array.from({ length: width }, (_, index) => ({
    width: Math.max(0, ...all.map((row) => visible(row[index] ?? ""))),
    right: texts.some((row) => (row[index] ?? "") !== "") && texts.every((row) => (row[index] ?? "") === "" || NUMBER.test(row[index]!)),
  }));
  const line = (row: readonly string[]) =>
    columns
      .map(({ width: wide, right }, index) => {
        const text = row[index] ?? "";
        const gap = " ".repeat(wide - visible(text));
        return right ? gap + text : text + gap;
      })
      .join("  ")
      .trimEnd();
  const lines = all.map(line);
  if (header) lines.splice(1, 0, columns.map(({ width: wide }) => "─".repeat(wide)).join("  "));
  return lines.map((text) => `${text}\n`).join("");
}

function textOf(cell: Cell): string {
  return cell === null ? "" : String(cell);
}

// Letters with marks and wide signs count as one: close enough for names.
function visible(text: string): number {
  return [...text].length;
}
