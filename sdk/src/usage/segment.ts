/** One append-only file of the spool with, beside it, how far the engine has it. */
import { createReadStream } from "node:fs";
import { appendFile, type FileHandle, open, readFile, rm, truncate } from "node:fs/promises";

const NEWLINE = 10;
/** Few events are longer. */
const LINE_BYTES = 1_024;

export class Segment {
  readonly path: string;
  /** Bytes of whole lines in the file. */
  size = 0;
  /** Of them, settled. */
  settled = 0;
  /** Whole lines that are not settled. */
  lines = 0;
  /** A process is writing to it. */
  open = false;

  constructor(path: string) {
    this.path = path;
  }

  /** Of a process that died: what is whole in it. A line without its end was never confirmed to anybody, and is cut off. */
  static async recover(path: string): Promise<Segment> {
    const segment = new Segment(path);
    const marks = await readFile(`${path}.settled`, "utf8").catch(() => "");
    const last = marks.slice(0, marks.lastIndexOf("\n")).split("\n").at(-1);
    segment.settled = Number(last) || 0;
    let place = 0;
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
      for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, at + 1)) {
        segment.size = place + at + 1;
        if (segment.size > segment.settled) segment.lines += 1;
      }
      place += chunk.length;
    }
    if (place > segment.size) await truncate(path, segment.size);
    segment.settled = Math.min(segment.settled, segment.size);
    return segment;
  }

  get waiting(): number {
    return this.size - this.settled;
  }

  /** Lines from the first that is not settled, and where they end. */
  async read(max: { count: number; bytes: number }): Promise<{ lines: string[]; end: number }> {
    const file = await open(this.path, "r");
    try {
      // A batch of few lines should not read megabytes for them.
      let want = Math.min(this.waiting, max.bytes, max.count * LINE_BYTES);
      for (;;) {
        const { buffer } = await fill(file, Buffer.allocUnsafe(want), this.settled);
        const lines: string[] = [];
        let from = 0;
        for (let at = buffer.indexOf(NEWLINE); at !== -1 && lines.length < max.count; at = buffer.indexOf(NEWLINE, from)) {
          lines.push(buffer.toString("utf8", from, at));
          from = at + 1;
        }
        if (lines.length > 0 || want >= this.waiting) return { lines, end: this.settled + from };
        // One line alone is longer.
        want = Math.min(this.waiting, want * 2);
      }
    } finally {
      await file.close();
    }
  }

  async settle(end: number, lines: number): Promise<void> {
    this.settled = end;
    this.lines -= lines;
    await appendFile(`${this.path}.settled`, `${end}\n`);
  }

  async remove(): Promise<void> {
    await rm(this.path, { force: true });
    await rm(`${this.path}.settled`, { force: true });
  }
}

async function fill(file: FileHandle, buffer: Buffer, position: number): Promise<{ buffer: Buffer }> {
  let filled = 0;
  while (filled < buffer.length) {
    const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return { buffer: buffer.subarray(0, filled) };
}
