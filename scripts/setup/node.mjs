// The npm package `node` brings Node 24 to machines that have an older one. Its binary comes by an install script, which
// some npms block; then we run that script ourselves.

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { explain } from "./explain.mjs";
import { capture, outerEnvironment } from "./npm.mjs";

const MINIMUM = [22, 18]; // the first that runs TypeScript unbuilt

function runsTypeScript(program, env = process.env) {
  const asked = spawnSync(program, ["--version"], { encoding: "utf8", env });
  const [major = 0, minor = 0] = asked.status === 0 ? asked.stdout.trim().slice(1).split(".").map(Number) : [];
  return major > MINIMUM[0] || (major === MINIMUM[0] && minor >= MINIMUM[1]);
}

const linked = (root) => join(root, "node_modules", ".bin", "node");

export function nodeIsGood(root) {
  return existsSync(linked(root)) && runsTypeScript(linked(root));
}

export async function ensureNode(root) {
  const home = join(root, "node_modules", "node");
  const { output } = await capture("node", ["installArchSpecificPackage.js"], { cwd: home, env: outerEnvironment(root) });
  if (process.platform !== "win32" && existsSync(join(home, "bin", "node"))) {
    mkdirSync(join(root, "node_modules", ".bin"), { recursive: true });
    rmSync(linked(root), { force: true });
    symlinkSync("../node/bin/node", linked(root));
  }
  if (nodeIsGood(root)) return;
  // Out of the way, so that the scripts find the machine's own.
  rmSync(linked(root), { force: true });
  if (runsTypeScript("node", outerEnvironment(root))) return;
  throw explain(
    `Node 24 could not be installed beside this machine's Node ${process.versions.node}, which is older than ${MINIMUM.join(".")}; installing a newer Node yourself also helps`,
    output,
    root,
  );
}
