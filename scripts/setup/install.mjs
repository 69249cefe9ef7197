// Installs what package-lock.json lists when node_modules is missing, stale or too little for what is asked, then makes
// sure of a Node that runs TypeScript unbuilt. When nothing is to be done it costs two file reads.

import { createHash } from "node:crypto";
import { existsSync, lstatSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { alone } from "./alone.mjs";
import { explain } from "./explain.mjs";
import { EVERYTHING, heldIn, RUNNING, suffices } from "./extent.mjs";
import { ensureNode, nodeIsGood } from "./node.mjs";
import { npm } from "./npm.mjs";

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const STAMP = join(ROOT, "node_modules", ".billwright-setup");

/** `asked`: RUNNING, or EVERYTHING, which development and the tests need (four times as much). */
export async function install(asked) {
  const print = fingerprint();
  if (suffices(stampedFor(print), asked) && existsSync(join(ROOT, "node_modules", ".bin"))) return;
  await alone(ROOT, async () => {
    if (suffices(stampedFor(print), asked)) return; // another setup did it while we waited
    let held = heldIn(ROOT);
    if (!suffices(held, asked)) {
      // Who had everything develops: a new lockfile does not take that away.
      const wanted = readStamp()?.extent === EVERYTHING ? EVERYTHING : asked;
      // What is there and right is only added to, since an engine may be running on it.
      if (held !== null) await fill(wanted, ["install", "--no-save"]);
      if (held === null || !suffices(heldIn(ROOT), wanted)) await fill(wanted, ["ci"]);
      held = wanted;
    }
    if (!nodeIsGood(ROOT)) await ensureNode(ROOT);
    stamp(print, held);
  });
}

async function fill(wanted, command) {
  refuseLink();
  const started = Date.now();
  console.log(`Installing ${wanted === RUNNING ? "what running needs" : "dependencies"} (the first time this takes a minute) …`);
  // Install scripts are off, since npm 12 blocks most of them anyway: this way every npm does the same. Of our
  // dependencies only `node` needs its script, which ensureNode sees to.
  const { ok, output } = await npm(ROOT, [
    ...command,
    "--ignore-scripts",
    wanted === RUNNING ? "--omit=dev" : "--include=dev",
    "--include=optional",
    "--no-audit",
    "--no-fund",
  ]);
  if (!ok) throw explain("The dependencies could not be installed", output, ROOT);
  console.log(`Installed in ${Math.round((Date.now() - started) / 1000)} s.`);
}

/** A node_modules that is a link belongs to another checkout, which may be at work on it. */
function refuseLink() {
  const folder = join(ROOT, "node_modules");
  if (!lstatSync(folder, { throwIfNoEntry: false })?.isSymbolicLink()) return;
  const error = new Error("node_modules is a link");
  error.sentence = `${folder} is a link to ${readlinkSync(folder)}, where packages of package-lock.json are missing. Install them there, or remove the link, then run the same command again.`;
  throw error;
}

/** Changes with the lockfile, and with the machine: a checkout may be shared with a container. */
function fingerprint() {
  const lockfile = readFileSync(join(ROOT, "package-lock.json"));
  return `${createHash("sha256").update(lockfile).digest("hex")} ${process.platform} ${process.arch}`;
}

function stampedFor(print) {
  const stamped = readStamp();
  return stamped?.print === print ? stamped.extent : null;
}

function readStamp() {
  if (!existsSync(STAMP)) return null;
  const [print, extent = null] = readFileSync(STAMP, "utf8").trim().split("\n");
  return { print, extent };
}

function stamp(print, extent) {
  try {
    writeFileSync(STAMP, `${print}\n${extent}\n`);
  } catch {
    // A read-only checkout that is complete: the next run only compares again.
  }
}
