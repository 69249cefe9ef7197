/**
 * How far an import has come, in a file beside the input, so that a killed import goes on where it was. Everything up to `line`
 * is settled: stored or rejected. What was sent beyond it is sent again, and its idempotency keys make that harmless.
 */
import { createHash } from "node:crypto";
import { open, readFile, rename, rm, writeFile } from "node:fs/promises";
import { CommandError } from "../terminal.ts";

export interface Counts {
  rows: number;
  accepted: number;
  duplicates: number;
  /** Duplicates whose key was used for other content before. */
  conflicts: number;
  rejected: number;
}

export interface Progress {
  line: number;
  counts: Counts;
  /** Length of the file of rejected rows; what is beyond it will be written again. */
  rejectedBytes: number;
}

export const START: Progress = { line: 0, counts: { rows: 0, accepted: 0, duplicates: 0, conflicts: 0, rejected: 0 }, rejectedBytes: 0 };

const EDGE = 65_536;

/** Tells files apart by their size and both ends: reading all of a large one twice would take longer than it is worth. */
export async function fingerprint(file: string): Promise<{ id: string; size: number }> {
  const handle = await open(file, "r").catch((error: Error) => {
    throw new CommandError(`${file} cannot be read: ${error.message}.`);
  });
  try {
    const { size } = await handle.stat();
    const head = await handle.read(Buffer.alloc(EDGE), 0, EDGE, 0);
    const tail = await handle.read(Buffer.alloc(EDGE), 0, EDGE, Math.max(0, size - EDGE));
    const hash = createHash("sha256").update(`${size}\n`);
    hash.update(head.buffer.subarray(0, head.bytesRead)).update(tail.buffer.subarray(0, tail.bytesRead));
    return { id: hash.digest("hex").slice(0, 32), size };
  } finally {
    await handle.close();
  }
}

/** The progress of this very import (same file, mapping and engine), or null. */
export async function loadProgress(path: string, identity: string): Promise<Progress | null> {
  try {
    const state = JSON.parse(await readFile(path, "utf8")) as Progress & { identity: string };
    return state.identity === identity ? { line: state.line, counts: state.counts, rejectedBytes: state.rejectedBytes } : null;
  } catch {
    return null;
  }
}

/** Whole or not at all: a kill while writing leaves the state before. */
export async function saveProgress(path: string, identity: string, progress: Progress): Promise<void> {
  await writeFile(`${path}.new`, JSON.stringify({ identity, ...progress }));
  await rename(`${path}.new`, path);
}

export async function dropProgress(path: string): Promise<void> {
  await rm(path, { force: true });
}
