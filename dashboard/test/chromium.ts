/** A real browser: CHROMIUM_PATH, what is on the PATH, or Debian's, installed where that is allowed. Its absence is a failure that says what to do. */
import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { type Browser, chromium } from "playwright-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: findChromium() ?? installed(),
    // As root, as in a container, its sandbox cannot start; the pages are our own.
    args: process.getuid?.() === 0 ? ["--no-sandbox", "--disable-dev-shm-usage"] : ["--disable-dev-shm-usage"],
  });
}

function findChromium(): string | null {
  const given = process.env.CHROMIUM_PATH;
  if (given) return given;
  const folders = (process.env.PATH ?? "").split(delimiter);
  return NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find(isProgram) ?? null;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function installed(): string {
  const advice = "The tests of the dashboard need Chromium: install it (apt-get install chromium), or name one by CHROMIUM_PATH.";
  if (process.getuid?.() !== 0) throw new Error(advice);
  console.log("Installing Chromium with apt-get, which the tests of the dashboard need …");
  const run = (...args: string[]) =>
    spawnSync("apt-get", args, { encoding: "utf8", env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } });
  run("update", "-qq");
  const { status, stderr } = run("install", "-y", "-qq", "--no-install-recommends", "chromium");
  const found = findChromium();
  if (status !== 0 || found === null) throw new Error(`${advice} apt-get said: ${(stderr ?? "").trim().slice(-500)}`);
  return found;
}
