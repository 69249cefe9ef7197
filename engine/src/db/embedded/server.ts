import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, fchownSync, fstatSync, ftruncateSync, openSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { stopwatch } from "../../clock.ts";
import type { Binaries } from "./binaries.ts";
import { DATABASE, USER } from "./cluster.ts";
import type { Place } from "./place.ts";
import { stopPostmaster, stopWithUs } from "./postmaster.ts";
import { EmbeddedError, explain } from "./problem.ts";
import { childOptions, type ServerUser } from "./processes.ts";
import { asFlags } from "./settings.ts";

export interface Server {
  port: number;
  stop(): Promise<void>;
}

export interface Launch {
  place: Place;
  binaries: Binaries;
  user: ServerUser | null;
  password: string;
  settings: Record<string, string>;
  onProgress: (text: string) => void;
  onExit: (reason: string) => void;
}

const LOG_LIMIT = 10 * 1024 * 1024;
const logFile = (place: Place) => join(place.dataDir, "postgres.log");

export const databaseUrl = (port: number, password: string, database = DATABASE) =>
  `postgres://${USER}:${password}@127.0.0.1:${port}/${database}`;

/** Starts the server and waits until it answers, however long a recovery takes. */
export async function launch(options: Launch): Promise<Server> {
  for (let attempt = 1; ; attempt++) {
    const outcome = await tryPort(options, await freePort());
    if (!("said" in outcome)) return outcome;
    // Another program took the port first, or the processes of a killed server still end.
    const passing = /Address already in use|could not create any TCP\/IP sockets|pre-existing shared memory block/.test(outcome.said);
    if (!passing || attempt >= 20) throw explain("The built-in PostgreSQL did not start", outcome.said, options.place.data);
    await sleep(Math.min(100 * attempt, 1000));
  }
}

async function tryPort(options: Launch, port: number): Promise<Server | { said: string }> {
  const { place, binaries, user } = options;
  const file = logFile(place);
  const log = openSync(file, "a", 0o600);
  if (user !== null) fchownSync(log, user.uid, user.gid);
  if (fstatSync(log).size > LOG_LIMIT) ftruncateSync(log);
  const from = fstatSync(log).size;
  const args = ["-D", place.data, "-p", String(port), ...asFlags(options.settings)];
  // Its own process group: Ctrl-C ends the engine first, which then stops the server.
  const child = spawn(binaries.postgres, args, { ...childOptions(user), stdio: ["ignore", log, log], detached: true });
  closeSync(log);
  const exit = ending(child);
  const said = () => readFileSync(file).subarray(from).toString();

  let stopping = false;
  const pid = child.pid;
  if (pid === undefined) return { said: await exit.reason };
  const release = stopWithUs(place.data, pid, user);
  try {
    if (!(await answers(options, port, exit))) {
      release();
      return { said: said() || (await exit.reason) };
    }
  } catch (error) {
    await stopPostmaster(place.data, pid);
    release();
    throw error;
  }
  child.unref(); // a program that forgets to stop it still ends, and the guard stops the server
  void exit.reason.then((reason) => {
    release();
    if (!stopping) options.onExit(`${reason}; its last words are in ${file}`);
  });
  return {
    port,
    stop: async () => {
      stopping = true;
      child.ref();
      if (!exit.over) await stopPostmaster(place.data, pid);
      await exit.reason;
    },
  };
}

interface Ending {
  over: boolean;
  reason: Promise<string>;
}

function ending(child: ChildProcess): Ending {
  const { promise, resolve } = Promise.withResolvers<string>();
  const state: Ending = { over: false, reason: promise };
  const end = (reason: string) => {
    state.over = true;
    resolve(reason);
  };
  child.on("error", (error) => end(error.message));
  child.on("exit", (code, signal) => end(`PostgreSQL ended with ${signal ?? `code ${code}`}`));
  return state;
}

/** Waits for the first answer and makes the engine's database; false if the server ends before. */
async function answers(options: Launch, port: number, exit: Ending): Promise<boolean> {
  const { place, password, onProgress } = options;
  const elapsed = stopwatch();
  let told = 0;
  while (!exit.over) {
    const client = new pg.Client({ connectionString: databaseUrl(port, password, "postgres"), connectionTimeoutMillis: 5000 });
    client.on("error", () => {}); // the server may end while we ask
    const refusal = await client.connect().then(
      () => null,
      (error: Error & { code?: string }) => error.code ?? "none",
    );
    if (refusal === null) {
      await makeDatabase(client, place);
      return true;
    }
    await client.end().catch(() => {});
    await sleep(20);
    if (refusal === "28P01") await refuseUnlessOver(place, exit);
    const waited = Math.floor(elapsed() / 5000);
    if (waited > told) {
      told = waited;
      onProgress(`PostgreSQL is recovering what was being written when it was last stopped (${waited * 5} s)`);
    }
  }
  return false;
}

async function makeDatabase(client: pg.Client, place: Place): Promise<void> {
  try {
    const known = await client.query("select 1 from pg_database where datname = $1", [DATABASE]);
    if (known.rowCount === 0) await client.query(`create database ${DATABASE}`);
  } catch (error) {
    throw explain("The built-in database could not be created", error, place.data);
  } finally {
    await client.end();
  }
}

/** A wrong password may come from another server that took our port first; then ours ends by itself. */
async function refuseUnlessOver(place: Place, exit: Ending): Promise<void> {
  await Promise.race([exit.reason, sleep(1000)]);
  if (exit.over) return;
  const file = join(place.dataDir, "postgres.password");
  throw new EmbeddedError(`The password in ${file} is not the database's. Delete that file and start again: a new one is made.`);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
