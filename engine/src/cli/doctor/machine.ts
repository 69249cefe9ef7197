/** Of this machine: Node, the data folder and its disk, the port. */
import { accessSync, constants, existsSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { sleep } from "../../clock.ts";
import type { Config } from "../../config.ts";
import { lockHolder } from "../../db/embedded/lock.ts";
import { findPlace } from "../../db/embedded/place.ts";
import { checkPort } from "../port.ts";
import { CommandError } from "../terminal.ts";
import { bad, type Finding, ok, warn } from "./finding.ts";

const GIB = 1_073_741_824n;

/** The engine's package asks for 22.18, the first that runs TypeScript as it is. */
export function nodeFinding(version: string): Finding {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major > 22 || (major === 22 && minor >= 18)) return ok("Node", version);
  return bad("Node", `${version} is too old`, "Install Node 22.18 or newer; `npm start` in the repository brings its own.");
}

export function folderFinding({ databaseUrl, dataDir }: Config): Finding {
  const about = "data folder";
  if (databaseUrl !== null) return ok(about, "not used: DATABASE_URL names the database");
  const choose = "Make it writable for the user that runs Billwright, or choose another folder with BILLWRIGHT_DATA_DIR.";
  try {
    accessSync(nearest(dataDir), constants.W_OK);
    const place = findPlace(dataDir);
    if (place === null) return warn(about, `${dataDir} has no database yet`, "`npm start` or `npm run serve` makes one.");
    const holder = lockHolder(dataDir);
    const where = place.root === dataDir ? place.data : `${place.data}, for ${dataDir}`;
    return ok(about, holder === null ? `${where}; no engine runs on it` : `${where}; the engine of process ${holder} runs on it`);
  } catch (error) {
    return bad(about, `${dataDir}: ${(error as Error).message}`, choose);
  }
}

export async function diskFinding({ databaseUrl, dataDir }: Config): Promise<Finding> {
  const about = "disk";
  if (databaseUrl !== null) return ok(about, "the database's disk is its server's; look there");
  const folder = findPlace(dataDir)?.data ?? nearest(dataDir);
  const disk = await statfs(folder, { bigint: true });
  const free = disk.bavail * disk.bsize;
  const says = `${gib(free)} GiB free of ${gib(disk.blocks * disk.bsize)} where ${folder} is`;
  if (free < GIB / 4n) return bad(about, says, "Free some space now: a full disk stops every write.");
  if (free < 2n * GIB) return warn(about, says, "Free some space, or move the data folder.");
  return ok(about, says);
}

function gib(bytes: bigint): string {
  const tenths = (bytes * 10n) / GIB;
  return `${tenths / 10n}.${tenths % 10n}`;
}

// A folder that is not there yet is made in the nearest one that is.
function nearest(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : nearest(dirname(path));
}

export async function portFinding(config: Config): Promise<Finding> {
  const about = "port";
  const place = `${config.host}:${config.port}`;
  try {
    await checkPort(config);
    return ok(about, `${place} is free`);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    if (await isBillwright(config)) return ok(about, `${place} is served by a Billwright that answers`);
    return bad(about, `${place} cannot be had`, error.message);
  }
}

const ANSWER_MS = 2_000;

async function isBillwright({ host, port }: Config): Promise<boolean> {
  const name = host === "0.0.0.0" || host === "::" ? "localhost" : host.includes(":") ? `[${host}]` : host;
  const asked = fetch(`http://${name}:${port}/openapi.json`)
    .then(async (response) => ((await response.json()) as { info?: { title?: string } }).info?.title?.startsWith("Billwright") ?? false)
    .catch(() => false);
  return Promise.race([asked, sleep(ANSWER_MS).then(() => false)]);
}
