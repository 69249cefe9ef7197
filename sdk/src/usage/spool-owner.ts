/** Which process a folder of the spool belongs to, by its name alone: renaming it is taking it over, and only one can. */

import { createHash, randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { hostname } from "node:os";

/** Another machine's folder that was not touched for so long has no process any more. */
const ABANDONED_MS = 3_600_000;
export const HEARTBEAT_MS = 60_000;

export interface Owner {
  host: string;
  pid: number;
  /** When the process began, in the machine's own count; a pid comes back, this does not. 0: the machine does not say. */
  start: string;
}

export async function thisOwner(): Promise<Owner> {
  return {
    host: createHash("sha256").update(hostname()).digest("hex").slice(0, 10),
    pid: process.pid,
    start: (await startOf("self")) ?? "0",
  };
}

export function folderOf({ host, pid, start }: Owner): string {
  return `queue-${host}-${pid}-${start}-${randomBytes(4).toString("hex")}`;
}

/** Of a spool that was closed with lines waiting: anybody's. */
export function freeFolder(): string {
  return `queue-free-${randomBytes(8).toString("hex")}`;
}

export function isQueue(folder: string): boolean {
  return folder.startsWith("queue-");
}

/** Whether nobody works on it any more. `touched`: when its owner last gave a sign, in milliseconds since 1970. */
export async function isAbandoned(folder: string, self: Owner, touched: number, now: number): Promise<boolean> {
  const found = /^queue-([0-9a-f]{10})-(\d+)-(\d+)-[0-9a-f]{8}$/.exec(folder);
  if (!found) return folder.startsWith("queue-free-");
  const [, host, pid, start] = found;
  if (host !== self.host) return now - touched > ABANDONED_MS;
  if (!isAlive(Number(pid))) return true;
  const running = await startOf(pid!);
  return running !== null && start !== "0" && running !== start;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // There, but another user's.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

async function startOf(pid: string): Promise<string | null> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    // The second field is the program's name in brackets and may hold anything; the start is the 22nd.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null;
  } catch {
    return null;
  }
}
