/** Rows that were not taken, in a CSV file that can be mended and imported again with the same mapping. */
import { open, truncate } from "node:fs/promises";
import { NOTES } from "./mapping.ts";

export interface Reject {
  line: number;
  reason: string;
  cells: string[];
}

/** Opens the file after what is settled; it is made with the first row. */
export class Rejects {
  readonly path: string;
  private readonly columns: readonly string[];
  private length: number;

  constructor(path: string, columns: readonly string[], length: number) {
    this.path = path;
    this.columns = columns;
    this.length = length;
  }

  /** The length afterwards. */
  async add(rejects: readonly Reject[]): Promise<number> {
    if (rejects.length === 0) return this.length;
    const handle = await open(this.path, this.length === 0 ? "w" : "a");
    try {
      if (this.length > 0) await truncate(this.path, this.length);
      const head = this.length === 0 ? csvLine([...NOTES, ...this.columns]) : "";
      const text = head + rejects.map(({ line, reason, cells }) => csvLine([String(line), reason, ...cells])).join("");
      await handle.appendFile(text);
      this.length += Buffer.byteLength(text);
      return this.length;
    } finally {
      await handle.close();
    }
  }
}

function csvLine(cells: readonly string[]): string {
  return `${cells.map((cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(",")}\n`;
}
