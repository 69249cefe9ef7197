// How much of package-lock.json is there: what running needs, or also what only tests and development need.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

export const RUNNING = "running";
export const EVERYTHING = "everything";

/** Whether a folder that holds the one has what the other asks for. */
export function suffices(held, wanted) {
  return held === EVERYTHING || (held !== null && held === wanted);
}

/** EVERYTHING, RUNNING or null: also what someone installed by hand (npm ci, npm install, either with --omit=dev) counts. */
export function heldIn(root) {
  const installed = join(root, "node_modules", ".package-lock.json");
  if (!existsSync(installed)) return null;
  const { packages: present } = JSON.parse(readFileSync(installed, "utf8"));
  const missing = lockedIn(root).filter(([path, entry]) => !isHeld(root, path, entry, present[path]));
  if (missing.length === 0) return EVERYTHING;
  return missing.every(([, entry]) => entry.dev || entry.devOptional) ? RUNNING : null;
}

function lockedIn(root) {
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  return Object.entries(packages).filter(([path, entry]) => path.includes("node_modules/") && !entry.link);
}

function isHeld(root, path, entry, found) {
  if (found === undefined) return entry.optional === true && !isForThisMachine(entry);
  return found.version === entry.version && existsSync(join(root, path));
}

/** A native part of this very machine. Optional packages without a platform come and go with those that need them. */
function isForThisMachine({ os, cpu, libc }) {
  const fits = (list, mine) => !list || list.includes(mine) || (list.every((item) => item.startsWith("!")) && !list.includes(`!${mine}`));
  return Boolean(os ?? cpu) && fits(os, process.platform) && fits(cpu, process.arch) && !libc?.includes("musl");
}
