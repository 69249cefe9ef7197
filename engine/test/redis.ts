/**
 * Vitest's global setup: finds a `redis-server` for the tests that start, kill and restart servers of their own, or installs one where it may. A
 * machine without one fails those tests, with what to do. TEST_REDIS_URL names a server for the tests that only use one.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { ADVICE_VARIABLE, PROGRAM_VARIABLE } from "./redis-server.ts";

const NAME = "redis-server";
const ADVICE = "Install Redis 6 or newer (apt-get install redis-server, brew install redis), so that redis-server is on the PATH.";
const INSTALL_MS = 300_000;

export default function findRedis(): void {
  const found = find() ?? install();
  if (found) process.env[PROGRAM_VARIABLE] = found;
}

function find(): string | undefined {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"];
  return folders.map((folder) => join(folder, NAME)).find((path) => existsSync(path));
}

function install(): string | undefined {
  if (process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) {
    process.env[ADVICE_VARIABLE] = `There is no ${NAME} on this machine. ${ADVICE}`;
    return undefined;
  }
  console.log("Installing redis-server (once)");
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const run = (...args: string[]) => spawnSync("/usr/bin/apt-get", args, { env, encoding: "utf8", timeout: INSTALL_MS });
  run("update", "-q");
  const done = run("install", "-y", "-q", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=120", NAME);
  const path = find();
  if (!path) process.env[ADVICE_VARIABLE] = `${NAME} could not be installed: ${done.stderr.trim().slice(-500)}. ${ADVICE}`;
  return path;
}
