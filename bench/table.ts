/** Prints a benchmark's rows as an aligned table and keeps them as JSON under bench/results. */
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export interface Row {
  what: string;
  rate: number;
  unit: string;
  /** Against the ceiling or the naive way of the same run. */
  ratio: number;
  note?: string;
}

export function report(name: string, title: string, rows: readonly Row[], facts: Record<string, unknown> = {}): void {
  const cells = rows.map((row) => [row.what, Math.round(row.rate).toLocaleString("en"), row.unit, row.ratio.toFixed(2), row.note ?? ""]);
  const head = ["what", "rate", "unit", "ratio", "note"];
  const widths = head.map((text, column) => Math.max(text.length, ...cells.map((row) => row[column]!.length)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => (column === 1 || column === 3 ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
      .join("  ")
      .trimEnd();
  console.log(`\n${title}\n`);
  console.log(line(head));
  console.log(widths.map((width) => "─".repeat(width)).join("  "));
  for (const row of cells) console.log(line(row));
  const folder = fileURLToPath(new URL("./results/", import.meta.url));
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}${name}.json`, `${JSON.stringify({ name, title, rows, facts }, null, 2)}\n`);
}
