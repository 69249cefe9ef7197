import { execFileSync, spawn } from "node:child_process";
import { readFileSync, readlinkSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { stopwatch } from "../../clock.ts";
import { installedBinaries } from "./binaries.ts";
import { childOptions, processStart, run, type ServerUser } from "./processes.ts";

/** A running PostgreSQL server, as its postmaster.pid tells it. */
export interface Postmaster {
  pid: number;
  port: number;
  ready: boolean;
}

const pidFile = (data: string) => join(data, "postmaster.pid");

function readPidFile(data: string): Postmaster | null {
  try {
    const lines = readFileSync(pidFile(data), "utf8").split("\n");
    const pid = Number(lines[0]);
    return Number.isInteger(pid) && pid > 0 ? { pid, port: Number(lines[3]), ready: lines[7]?.trim() === "ready" } : null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

/** A pid says little, since pids are reused: a postmaster's working folder is its data. */
function servesData(pid: number, data: string): boolean {
  if (processStart(pid) === null) return false;
  try {
    if (process.platform === "linux") return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(data);
    if (process.platform === "win32") return true;
    return execFileSync("ps", ["-o", "command=", "-p", String(pid)], { encoding: "utf8" }).includes(data);
  } catch {
    return false;
  }
}

/** The server of this data, if one is alive. */
export function findPostmaster(data: string): Postmaster | null {
  const found = readPidFile(data);
  return found !== null && servesData(found.pid, data) ? found : null;
}

/**
 * PostgreSQL refuses to start while the pid in a stale file belongs to anything, be it another program or a zombie that
 * nobody reaps (a container without an init). It ignores the pid of its parent, so the file gets ours; the rest of it
 * must stay, since with it PostgreSQL sees whether backends of the dead server still write.
 */
export function disownPidFile(data: string): void {
  const left = readPidFile(data);
  if (left === null || servesData(left.pid, data) || !isTaken(left.pid)) return;
  const text = readFileSync(pidFile(data), "utf8");
  writeFileSync(pidFile(data), text.replace(/^\d+/, String(process.pid)));
}

function isTaken(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

const PATIENCE_MS = 60_000;

/** Stops a server: it ends its connections and writes a checkpoint. One that takes too long is ended at once, which loses nothing. */
export async function stopPostmaster(data: string, pid: number): Promise<void> {
  const born = processStart(pid);
  const lives = () => processStart(pid) === born && born !== null;
  const signal = async (name: NodeJS.Signals, mode: string) => {
    if (process.platform === "win32") await run(installedBinaries().pgCtl, ["stop", "-D", data, "-m", mode, "-W"], null);
    else if (lives()) process.kill(pid, name);
  };
  await signal("SIGINT", "fast");
  const elapsed = stopwatch();
  let forced = false;
  while (lives()) {
    if (!forced && elapsed() > PATIENCE_MS) {
      forced = true;
      await signal("SIGQUIT", "immediate");
    }
    await sleep(20);
  }
}

/**
 * Stops the server when this process ends, however it ends: a shell waits for the end of a pipe that only we hold open.
 * It costs no polling, and also works where a parent's death sends no signal.
 */
export function stopWithUs(data: string, pid: number, user: ServerUser | null): () => void {
  if (process.platform === "win32") return () => {};
  const script = 'while read -r _; do :; done; test "$(head -n 1 "$1/postmaster.pid" 2>/dev/null)" = "$2" && kill -INT "$2"';
  const guard = spawn("/bin/sh", ["-c", script, "billwright-guard", data, String(pid)], {
    ...childOptions(user),
    stdio: ["pipe", "ignore", "ignore"],
    detached: true, // Ctrl-C in a terminal goes to its whole process group
  });
  guard.on("error", () => {}); // without the guard the server outlives us, and the next start stops it
  guard.stdin?.on("error", () => {});
  guard.unref();
  (guard.stdin as unknown as { unref(): void } | null)?.unref();
  return () => {
    guard.kill("SIGKILL");
  };
}
