// Installs what package-lock.json lists when node_modules is missing or stale, then makes sure of a Node that runs
// TypeScript unbuilt. When nothing is to be done it costs two file reads.

import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { alone } from "./alone.mjs";
import { explain } from "./explain.mjs";
import { ensureNode, nodeIsGood } from "./node.mjs";
import { npm } from "./npm.mjs";

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const STAMP = join(ROOT, "node_modules", ".billwright-setup");

export async function install() {
  const wanted = fingerprint();
  if (isStamped(wanted) && existsSync(join(ROOT, "node_modules", ".bin"))) return;
  await alone(ROOT, async () => {
    if (isStamped(wanted)) return; // another setup did it while we waited
    if (!holdsTheLockfile()) await fill();
    if (!nodeIsGood(ROOT)) await ensureNode(ROOT);
    stamp(wanted);
  });
}

async function fill() {
  const started = Date.now();
  console.log("Installing dependencies (the first time this takes a minute) …");
  // Install scripts are off, since npm 12 blocks most of them anyway: this way every npm does the same. Of our
  // dependencies only `node` needs its script, which ensureNode sees to.
  const { ok, output } = await npm(ROOT, ["ci", "--ignore-scripts", "--include=dev", "--include=optional", "--no-audit", "--no-fund"]);
  if (!ok) throw explain("The dependencies could not be installed", output, ROOT);
  console.log(`Installed in ${Math.round((Date.now() - started) / 1000)} s.`);
}

/** Changes with the lockfile, and with the machine: a checkout may be shared with a container. */
function fingerprint() {
  const lockfile = readFileSync(join(ROOT, "package-lock.json"));
  return `${createHash("sha256").update(lockfile).digest("hex")} ${process.platform} ${process.arch}`;
}

function isStamped(wanted) {
  return existsSync(STAMP) && readFileSync(STAMP, "utf8").trim() === wanted;
}

function stamp(wanted) {
  try {
    writeFileSync(STAMP, `${wanted}\n`);
  } catch {
    // A read-only checkout that is complete: the next run only compares again.
  }
}

/** Whether someone already installed the same by hand (npm install, npm ci): then nothing is taken down and put up again. */
function holdsTheLockfile() {
  const installed = join(ROOT, "node_modules", ".package-lock.json");
  if (!existsSync(installed)) return false;
  const { packages: wanted } = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8"));
  const { packages: present } = JSON.parse(readFileSync(installed, "utf8"));
  return Object.entries(wanted).every(([path, entry]) => {
    if (!path.includes("node_modules/") || entry.link) return true;
    const found = present[path];
    if (found === undefined) return entry.optional === true && !isForThisMachine(entry);
    return found.version === entry.version && existsSync(join(ROOT, path));
  });
}

/** A native part of this very machine. Optional packages without a platform come and go with those that need them. */
function isForThisMachine({ os, cpu, libc }) {
  const fits = (list, mine) => !list || list.includes(mine) || (list.every((item) => item.startsWith("!")) && !list.includes(`!${mine}`));
  return Boolean(os ?? cpu) && fits(os, process.platform) && fits(cpu, process.arch) && !libc?.includes("musl");
}
