/** Rows of a CSV or NDJSON file, plain or gzipped, with their line numbers. */
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { type Readable, Transform } from "node:stream";
import { createGunzip } from "node:zlib";
import { type Info, parse } from "csv-parse";
import { parseLossless } from "../../lossless.ts";
import { CommandError } from "../terminal.ts";
import type { Row } from "./mapping.ts";

export interface FileRow {
  /** Of the first line of the row; the header is line 1. */
  line: number;
  /** null: it could not be read, for this reason. */
  row: Row | null;
  reason: string;
  /** As it stands in the file, for the file of rejected rows. */
  cells: string[];
}

export interface Rows {
  format: "csv" | "ndjson";
  /** null: NDJSON has none. */
  columns: string[] | null;
  rows: AsyncIterable<FileRow>;
  /** Bytes of the file that were read so far. */
  read(): number;
}

const MAX_ROW = 1_048_576;

export async function openRows(file: string, options: { delimiter?: string }): Promise<Rows> {
  const plain = file.replace(/\.gz$/i, "");
  let read = 0;
  const counter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      read += chunk.length;
      done(null, chunk);
    },
  });
  const raw = createReadStream(file);
  raw.on("error", (error) => counter.destroy(error));
  raw.pipe(counter);
  const text = plain === file ? counter : unzip(counter);
  const opened = /\.(ndjson|jsonl)$/i.test(plain)
    ? ndjson(text)
    : await csv(text, options.delimiter ?? (/\.tsv$/i.test(plain) ? "\t" : ","));
  return { ...opened, read: () => read };
}

function unzip(from: Readable): Readable {
  const gunzip = createGunzip();
  from.on("error", (error) => gunzip.destroy(error));
  return from.pipe(gunzip);
}

async function csv(text: Readable, delimiter: string): Promise<Omit<Rows, "read">> {
  const parser = parse({
    bom: true,
    delimiter,
    info: true,
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    max_record_size: MAX_ROW,
  });
  text.on("error", (error) => parser.destroy(error));
  text.pipe(parser);
  const records = (parser as AsyncIterable<{ record: string[]; info: Info }>)[Symbol.asyncIterator]();
  const first = await said(records.next());
  if (first.done) throw new CommandError("The file is empty.");
  const columns = first.value.record.map((name) => name.trim());
  const twice = columns.find((name, index) => columns.indexOf(name) !== index);
  if (twice !== undefined) throw new CommandError(`The header names the column ${JSON.stringify(twice)} twice.`);
  async function* rows(before: number): AsyncGenerator<FileRow> {
    let lines = before;
    for (let next = await said(records.next()); !next.done; next = await said(records.next())) {
      const { record, info } = next.value;
      const line = lines + 1;
      lines = info.lines;
      const fits = record.length === columns.length;
      const row = fits ? Object.fromEntries(record.map((cell, index) => [columns[index]!, cell])) : null;
      yield { line, row, reason: fits ? "" : `has ${record.length} columns, the header has ${columns.length}`, cells: record };
    }
  }
  return { format: "csv", columns, rows: rows(first.value.info.lines) };
}

function ndjson(text: Readable): Omit<Rows, "read"> {
  async function* rows(): AsyncGenerator<FileRow> {
    let line = 0;
    const lines = createInterface({ input: text, crlfDelay: Number.POSITIVE_INFINITY });
    text.on("error", (error) => lines.emit("error", error));
    for await (const source of lines) {
      line += 1;
      if (source.trim() === "") continue;
      yield { line, cells: [source], ...parsed(source) };
    }
  }
  return { format: "ndjson", columns: null, rows: rows() };
}

function parsed(source: string): { row: Row | null; reason: string } {
  try {
    const value = parseLossless(source);
    if (value !== null && typeof value === "object" && !Array.isArray(value)) return { row: value as Row, reason: "" };
    return { row: null, reason: "is not a JSON object" };
  } catch {
    return { row: null, reason: "is not valid JSON" };
  }
}

async function said<T>(next: Promise<T>): Promise<T> {
  try {
    return await next;
  } catch (error) {
    throw new CommandError(`The file cannot be read further: ${(error as Error).message}`);
  }
}
