import { type SpawnOptions, spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** The user that PostgreSQL runs as when it cannot be ourselves. */
export interface ServerUser {
  name: string;
  uid: number;
  gid: number;
}

/** A child sees no PG* variables, which would redirect it, and no secrets of the engine. */
function childEnvironment(): NodeJS.ProcessEnv {
  const kept = ["PATH", "SystemRoot"].filter((name) => process.env[name] !== undefined);
  return { ...Object.fromEntries(kept.map((name) => [name, process.env[name]])), LC_ALL: "C", TZ: "UTC" };
}

/** In "/", since the user may not be able to enter the engine's working folder. */
export function childOptions(user: ServerUser | null): SpawnOptions {
  const options: SpawnOptions = { cwd: "/", env: childEnvironment(), windowsHide: true };
  return user === null ? options : { ...options, uid: user.uid, gid: user.gid };
}

export interface Outcome {
  ok: boolean;
  output: string;
}

export function run(program: string, args: string[], user: ServerUser | null, input = ""): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { ...childOptions(user), stdio: ["pipe", "pipe", "pipe"] });
    let output = "";
    const listen = (chunk: Buffer) => {
      output += chunk.toString();
    };
    child.stdout?.on("data", listen);
    child.stderr?.on("data", listen);
    child.stdin?.on("error", () => {}); // the child may end before it reads
    child.stdin?.end(input);
    child.on("error", (error) => resolve({ ok: false, output: `${output}${error.message}` }));
    child.on("close", (code, signal) => resolve({ ok: code === 0, output: signal === null ? output : `${output}\nended by ${signal}` }));
  });
}

/** Asks by trying, which sees modes, groups, access lists and mount options alike. */
export function canEnter(user: ServerUser, folder: string): boolean {
  return spawnSync("/bin/sh", ["-c", 'test -x "$1"', "sh", folder], childOptions(user)).status === 0;
}

/**
 * When a process started, so that a reused pid is not taken for the process that had it. Null: no such process (or a
 * zombie). Empty: it lives, and the system does not tell since when.
 */
export function processStart(pid: number): string | null {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return null;
  }
  if (process.platform !== "linux") return "";
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" "); // a name may hold spaces and brackets
    return fields[0] === "Z" || fields[0] === "X" ? null : (fields[19] ?? "");
  } catch {
    return "";
  }
}
