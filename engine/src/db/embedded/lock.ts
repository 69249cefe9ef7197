import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { stopwatch } from "../../clock.ts";
import { EmbeddedError } from "./problem.ts";
import { processStart } from "./processes.ts";

const lockFile = (folder: string) => join(folder, "engine.lock");

function read(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

/** The pid in the lock if its process lives. Pid and start time, since pids are reused, in containers at once. */
function livingHolder(content: string | null): number | null {
  const [pid, started] = (content ?? "").trim().split(" ");
  if (!pid) return null;
  const now = processStart(Number(pid));
  return now === null || (now !== "" && started && now !== started) ? null : Number(pid);
}

/** The pid of the engine that has this data folder in use, or null. */
export function lockHolder(folder: string): number | null {
  return livingHolder(read(lockFile(folder)));
}

/** Whether an engine has the embedded database of this folder in use. */
export function isEngineRunning(dataDir: string): boolean {
  return lockHolder(dataDir) !== null;
}

/** A killed process takes a moment to be gone, and one that was told to stop a little longer. */
const GRACE_MS = 1000;

/** Takes the folder for this process. A lock whose process is gone is taken over. Returns what gives it back. */
export async function takeLock(folder: string): Promise<() => void> {
  const file = lockFile(folder);
  const mine = `${process.pid} ${processStart(process.pid) ?? ""}\n`;
  const elapsed = stopwatch();
  for (let attempt = 0; attempt < 50; attempt++) {
    try {
      writeFileSync(file, mine, { flag: "wx", mode: 0o644 });
      return () => {
        if (read(file) === mine) rmSync(file, { force: true });
      };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const seen = read(file);
    const pid = livingHolder(seen);
    if (pid !== null && pid !== process.pid && elapsed() < GRACE_MS) await sleep(50);
    else if (pid !== null) {
      throw new EmbeddedError(
        `Billwright already runs on ${folder} (process ${pid}). Stop that one first, or give this one its own folder with BILLWRIGHT_DATA_DIR.`,
      );
    }
    // An empty lock is one that is being written, unless it stays empty.
    else if (seen === "" && attempt < 4) await sleep(50);
    else if (seen !== null) removeStale(file, seen);
  }
  throw new EmbeddedError(`The lock ${file} could not be taken. If no Billwright runs on this folder, delete that file and start again.`);
}

/** Two that find the same stale lock must not remove each other's new one: move it, look, and put back what is fresh. */
function removeStale(file: string, seen: string): void {
  const aside = `${file}.${process.pid}`;
  try {
    renameSync(file, aside);
  } catch {
    return; // the other was faster
  }
  const moved = read(aside);
  if (moved !== seen && moved !== null) writeFileSync(file, moved, { flag: "wx" });
  rmSync(aside, { force: true });
}
