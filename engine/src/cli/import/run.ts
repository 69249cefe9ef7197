/** Reads, maps, sends in batches with several in flight, and settles them in the order of the file. */
import type { Api } from "../api.ts";
import { checkMapping, eventOf, type Mapping } from "./mapping.ts";
import { type Reject, Rejects } from "./rejects.ts";
import { openRows } from "./rows.ts";
import { type Pending, type Sent, send } from "./send.ts";
import { type Counts, type Progress, saveProgress } from "./state.ts";

export interface ImportJob {
  file: string;
  fileId: string;
  /** null: rows of NDJSON are events as they stand. */
  mapping: Mapping | null;
  delimiter?: string;
  batchSize: number;
  concurrency: number;
  statePath: string;
  identity: string;
  rejectedPath: string;
  from: Progress;
  onProgress(counts: Counts, bytesRead: number): void;
}

interface Batch {
  /** Of its last row. */
  line: number;
  rows: number;
  pending: Pending[];
  rejects: Reject[];
}

export async function runImport(api: Api, job: ImportJob): Promise<Counts> {
  const { format, columns, rows, read } = await openRows(job.file, job.delimiter === undefined ? {} : { delimiter: job.delimiter });
  if (job.mapping && columns) checkMapping(job.mapping, columns);
  const rejects = new Rejects(job.rejectedPath, columns ?? ["row"], job.from.rejectedBytes);
  const counts = { ...job.from.counts };
  let settled = Promise.resolve();
  let failure: unknown;
  const inFlight = new Set<Promise<void>>();

  const settle = async (batch: Batch, sent: Sent): Promise<void> => {
    const refused = [...batch.rejects, ...sent.rejects].sort((a, b) => a.line - b.line);
    const rejectedBytes = await rejects.add(refused);
    counts.rows += batch.rows;
    counts.accepted += sent.accepted;
    counts.duplicates += sent.duplicates;
    counts.conflicts += sent.conflicts;
    counts.rejected += refused.length;
    await saveProgress(job.statePath, job.identity, { line: batch.line, counts, rejectedBytes });
    job.onProgress(counts, read());
  };

  const dispatch = async (batch: Batch): Promise<void> => {
    while (inFlight.size >= job.concurrency) await Promise.race(inFlight);
    if (failure) return;
    const sending = send(api, batch.pending);
    sending.catch(() => undefined);
    // Settling waits for the batches before this one, so that what the state says holds up to its line.
    const mine = settled.then(async () => {
      await settle(batch, await sending);
    });
    settled = mine;
    const tracked: Promise<void> = mine
      .catch((error: unknown) => {
        failure ??= error;
      })
      .finally(() => inFlight.delete(tracked));
    inFlight.add(tracked);
  };

  let batch = emptyBatch();
  for await (const { line, row, reason, cells } of rows) {
    if (failure) break;
    if (line <= job.from.line) continue;
    const mapped =
      row === null
        ? { reason }
        : job.mapping
          ? eventOf(job.mapping, row, `import:${job.fileId}:${line}`)
          : asItStands(row, job.fileId, line);
    if ("event" in mapped) batch.pending.push({ line, cells, event: mapped.event });
    else batch.rejects.push({ line, reason: mapped.reason, cells: format === "csv" && columns ? padded(cells, columns.length) : cells });
    batch.line = line;
    batch.rows += 1;
    if (batch.rows >= job.batchSize) {
      await dispatch(batch);
      batch = emptyBatch();
    }
  }
  if (batch.rows > 0 && !failure) await dispatch(batch);
  await settled;
  return counts;
}

function emptyBatch(): Batch {
  return { line: 0, rows: 0, pending: [], rejects: [] };
}

function asItStands(row: Readonly<Record<string, unknown>>, fileId: string, line: number) {
  return { event: { ...row, idempotency_key: row.idempotency_key ?? `import:${fileId}:${line}` } };
}

function padded(cells: string[], length: number): string[] {
  return [...cells, ...Array<string>(Math.max(0, length - cells.length)).fill("")];
}
