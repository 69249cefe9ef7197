import { randomBytes } from "node:crypto";
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Binaries } from "./binaries.ts";
import type { Place } from "./place.ts";
import { EmbeddedError, explain } from "./problem.ts";
import { run, type ServerUser } from "./processes.ts";

export const USER = "billwright";
export const DATABASE = "billwright";

const MAKING = ".making-";

const passwordFile = (dataDir: string) => join(dataDir, "postgres.password");

/** Null when there is none, or when a crash left an empty file. */
export function readPassword(dataDir: string): string | null {
  try {
    return readFileSync(passwordFile(dataDir), "utf8").trim() || null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw explain(
      `The password of the built-in database cannot be read; only the user that started Billwright may`,
      error,
      passwordFile(dataDir),
    );
  }
}

/** For the server's user when there is one: he can read the data anyway, and may start Billwright himself next time. */
function storePassword(dataDir: string, password: string, user: ServerUser | null): void {
  const file = passwordFile(dataDir);
  writeFileSync(`${file}.new`, `${password}\n`, { mode: 0o600 });
  chmodSync(`${file}.new`, 0o600);
  if (user !== null) chownSync(`${file}.new`, user.uid, user.gid);
  renameSync(`${file}.new`, file);
}

/** Makes the data if there is none, and a new password if that was lost. Returns the password. */
export async function prepareCluster(
  place: Place,
  binaries: Binaries,
  user: ServerUser | null,
  durable: boolean,
  onProgress: (text: string) => void,
): Promise<string> {
  for (const name of readdirSync(place.root)) {
    if (name.startsWith(MAKING)) rmSync(join(place.root, name), { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }); // of a start that was killed
  }
  const known = readPassword(place.dataDir);
  if (!existsSync(join(place.data, "PG_VERSION"))) {
    const password = known ?? randomBytes(24).toString("hex");
    onProgress("Creating the database (only on the first start)");
    storePassword(place.dataDir, password, user);
    await create(place, binaries, user, durable, password);
    return password;
  }
  const version = readFileSync(join(place.data, "PG_VERSION"), "utf8").trim();
  if (version !== binaries.major) {
    throw new EmbeddedError(
      `The data in ${place.data} was made by PostgreSQL ${version}; this Billwright brings PostgreSQL ${binaries.major}. Dump it with the Billwright that made it and load it into a new folder (BILLWRIGHT_DATA_DIR), or use a PostgreSQL of your own by setting DATABASE_URL.`,
    );
  }
  return known ?? replacePassword(place, binaries, user);
}

/** In a folder of its own, renamed when whole: a start that is killed half-way leaves nothing that looks like a database. */
async function create(place: Place, binaries: Binaries, user: ServerUser | null, durable: boolean, password: string): Promise<void> {
  const making = join(place.root, `${MAKING}${randomBytes(4).toString("hex")}`);
  const data = join(making, "postgres");
  const passwordForServer = join(making, "password");
  try {
    mkdirSync(data, { recursive: true, mode: 0o700 });
    writeFileSync(passwordForServer, `${password}\n`, { mode: 0o600 });
    if (user !== null) for (const path of [making, data, passwordForServer]) chownSync(path, user.uid, user.gid);
    const args = [`--pgdata=${data}`, `--username=${USER}`, `--pwfile=${passwordForServer}`, "--auth=scram-sha-256", "--encoding=UTF8"];
    // The built-in provider sorts and folds alike on every system, so that indexes survive a move of the data.
    args.push("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions");
    if (!durable) args.push("--no-sync", "--no-data-checksums");
    const { ok, output } = await run(binaries.initdb, args, user);
    if (!ok) throw new Error(output);
    if (existsSync(place.data)) rmSync(place.data, { recursive: true }); // has no PG_VERSION: never was a database
    renameSync(data, place.data);
  } catch (error) {
    throw explain("The built-in database could not be created", error, place.root);
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
}

/** Through a server without connections, which asks for no password. */
async function replacePassword(place: Place, binaries: Binaries, user: ServerUser | null): Promise<string> {
  const password = randomBytes(24).toString("hex");
  const statement = `ALTER ROLE ${USER} PASSWORD '${password}'\n`;
  const { ok, output } = await run(binaries.postgres, ["--single", "-D", place.data, "postgres"], user, statement);
  if (!ok || /ERROR:/.test(output)) throw explain("The lost password of the built-in database could not be replaced", output, place.data);
  storePassword(place.dataDir, password, user);
  return password;
}
