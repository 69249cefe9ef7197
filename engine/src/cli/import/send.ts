/** Sends a batch of events. Of a batch that is refused, the rows at fault are taken out and the others sent. */
import { type Api, ApiError } from "../api.ts";
import { CommandError } from "../terminal.ts";
import type { Reject } from "./rejects.ts";

export interface Pending {
  line: number;
  cells: string[];
  event: Record<string, unknown>;
}

export interface Sent {
  accepted: number;
  duplicates: number;
  conflicts: number;
  rejects: Reject[];
}

interface Answer {
  accepted: number;
  duplicates: number;
  results?: { conflict?: boolean }[];
}

export async function send(api: Api, batch: readonly Pending[]): Promise<Sent> {
  const sent: Sent = { accepted: 0, duplicates: 0, conflicts: 0, rejects: [] };
  const waiting: (readonly Pending[])[] = [batch];
  for (let part = waiting.pop(); part; part = waiting.pop()) {
    if (part.length === 0) continue;
    try {
      const answer = await api.request<Answer>(
        "POST",
        "/v1/usage",
        part.map((row) => row.event),
      );
      sent.accepted += answer.accepted;
      sent.duplicates += answer.duplicates;
      sent.conflicts += answer.results?.filter((result) => result.conflict).length ?? 0;
    } catch (error) {
      if (!(error instanceof ApiError) || !isAboutRows(error)) throw error;
      const faults = faultsByRow(error, part.length);
      if (faults.size > 0) {
        for (const [index, reason] of faults) sent.rejects.push({ ...part[index]!, reason });
        waiting.push(part.filter((_row, index) => !faults.has(index)));
      } else if (part.length === 1) {
        sent.rejects.push({ ...part[0]!, reason: error.message });
      } else {
        // It does not say which row: halves find it.
        const middle = part.length >> 1;
        waiting.push(part.slice(middle), part.slice(0, middle));
      }
    }
  }
  sent.rejects.sort((a, b) => a.line - b.line);
  return sent;
}

function isAboutRows(error: ApiError): boolean {
  if (error.status === 401 || error.status === 403) throw new CommandError(`The engine does not allow the import: ${error.message}`);
  return error.status === 422 || error.status === 413 || error.status === 404;
}

/** The reason by index of the row. A fault names it as `index`, or in a path such as `[17].at`. */
function faultsByRow(error: ApiError, count: number): Map<number, string> {
  const reasons = new Map<number, string>();
  for (const fault of error.faults) {
    const match = /^\[(\d+)\]\.?(.*)$/s.exec(fault.path);
    const index = fault.index ?? (match ? Number(match[1]) : -1);
    if (!Number.isInteger(index) || index < 0 || index >= count) continue;
    const reason = `${match?.[2] ? `${match[2]} ` : ""}${fault.message}`;
    reasons.set(index, reasons.has(index) ? `${reasons.get(index)}; ${reason}` : reason);
  }
  return reasons;
}
