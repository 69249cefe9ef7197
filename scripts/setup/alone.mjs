import { createHash } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** One setup at a time in one checkout: `npm start` and `npm test` are often called together on a fresh clone. */
export async function alone(folder, work) {
  const name = createHash("sha256").update(`${folder} ${process.getuid?.()}`).digest("hex").slice(0, 12);
  const file = join(tmpdir(), `billwright-setup-${name}.lock`);
  while (!take(file)) {
    if (isStale(file)) rmSync(file, { force: true });
    else await sleep(200);
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

function take(file) {
  try {
    writeFileSync(file, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  }
}

function isStale(file) {
  try {
    process.kill(Number(readFileSync(file, "utf8")), 0);
    return false;
  } catch (error) {
    return error.code !== "EPERM";
  }
}
