import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { prepareBinaries } from "./embedded/binaries.ts";
import { prepareCluster, readPassword } from "./embedded/cluster.ts";
import { isEngineRunning, takeLock } from "./embedded/lock.ts";
import { choosePlace, findPlace, makeDataDir, SYSTEM_FOLDER } from "./embedded/place.ts";
import { disownPidFile, findPostmaster, stopPostmaster } from "./embedded/postmaster.ts";
import { explain } from "./embedded/problem.ts";
import { run } from "./embedded/processes.ts";
import { databaseUrl, launch } from "./embedded/server.ts";
import { chooseServerUser } from "./embedded/server-user.ts";
import { serverSettings } from "./embedded/settings.ts";

export interface EmbeddedOptions {
  /** Holds the database (in `postgres/`), its password, its log and the engine's lock. Made if missing. */
  dataDir: string;
  onProgress?: (text: string) => void;
  /** Called once if PostgreSQL ends without having been asked to. The next start recovers. */
  onExit?: (reason: string) => void;
  /** False for tests: faster, and the data does not survive a crash of the machine. */
  durable?: boolean;
  /** PostgreSQL settings that win over ours. */
  settings?: Record<string, string>;
}

export interface Embedded {
  url: string;
  port: number;
  /** Stops the server, unless we only attached to it. May be called twice. */
  stop(): Promise<void>;
  attached: boolean;
}

/** Starts the built-in PostgreSQL on this folder, recovering whatever an earlier process left behind. */
export async function startEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const onProgress = options.onProgress ?? (() => {});
  const durable = options.durable ?? true;
  const dataDir = makeDataDir(options.dataDir);
  const releases: (() => void)[] = [];
  const release = () => {
    for (const give of releases) give();
  };
  try {
    releases.push(await takeLock(dataDir));
    const user = chooseServerUser(dataDir, findPlace(dataDir)?.data ?? null);
    const binaries = await prepareBinaries(user, user === null ? dataDir : SYSTEM_FOLDER);
    const place = choosePlace(dataDir, user, onProgress);
    if (place.root !== dataDir) releases.push(await takeLock(place.root));

    const orphan = findPostmaster(place.data);
    if (orphan !== null) {
      onProgress("Stopping the PostgreSQL of an engine that was killed");
      await stopPostmaster(place.data, orphan.pid);
    }
    disownPidFile(place.data);
    const password = await prepareCluster(place, binaries, user, durable, onProgress);
    onProgress("Starting PostgreSQL");
    // A build may lack lz4, and then the server would refuse to start with it.
    const lz4 = await run(binaries.postgres, ["-D", place.data, "-C", "wal_compression", "-c", "wal_compression=lz4"], user);
    const settings = serverSettings(durable, lz4.ok ? "lz4" : "pglz", options.settings);
    const server = await launch({ place, binaries, user, password, settings, onProgress, onExit: options.onExit ?? (() => {}) });

    let stopped: Promise<void> | undefined;
    return {
      url: databaseUrl(server.port, password),
      port: server.port,
      attached: false,
      stop: () => (stopped ??= server.stop().finally(release)),
    };
  } catch (error) {
    release();
    throw explain("The built-in PostgreSQL did not start", error, dataDir);
  }
}

/** The database of the engine that runs on this folder, for a command beside it; null if none runs. */
export async function attachEmbedded(dataDir: string): Promise<Embedded | null> {
  const path = resolve(dataDir);
  while (isEngineRunning(path)) {
    const password = readPassword(path);
    const place = findPlace(path);
    const postmaster = place === null ? null : findPostmaster(place.data);
    if (postmaster?.ready && password !== null) {
      return { url: databaseUrl(postmaster.port, password), port: postmaster.port, attached: true, stop: async () => {} };
    }
    await sleep(100); // the engine is starting
  }
  return null;
}

/** Deletes a database for good, wherever it is kept. For tests and demos; refused while an engine runs on it. */
export async function removeEmbedded(dataDir: string): Promise<void> {
  if (!existsSync(dataDir)) return;
  const release = await takeLock(dataDir);
  const place = findPlace(dataDir);
  const orphan = place === null ? null : findPostmaster(place.data);
  if (place !== null && orphan !== null) await stopPostmaster(place.data, orphan.pid);
  if (place !== null && place.root !== place.dataDir) await rm(place.root, { recursive: true, force: true });
  release();
  await rm(dataDir, { recursive: true, force: true });
}
