/**
 * Vitest's global setup: one PostgreSQL for the whole run, with a migrated template that tests clone. TEST_DATABASE_URL
 * names a server to use (its user must be allowed to create databases); otherwise the built-in one is started.
 */
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmod, mkdtemp, readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { processStart } from "../src/db/embedded/processes.ts";
import { removeEmbedded, startEmbedded } from "../src/db/embedded.ts";
import { migrate } from "../src/db/migrate.ts";
import { askServer, databaseOn, SERVER_VARIABLE, TEMPLATE_VARIABLE } from "./database.ts";

const PREFIX = "billwright-test-";

export default async function startPostgres(): Promise<() => Promise<void>> {
  const given = process.env.TEST_DATABASE_URL || undefined;
  const [server] = await Promise.all([given ? { url: given, stop: async () => {} } : startBuiltIn(), fillCompileCache()]);
  try {
    const template = await makeTemplate(server.url, given !== undefined);
    process.env[SERVER_VARIABLE] = server.url;
    process.env[TEMPLATE_VARIABLE] = template;
    return async () => {
      if (given) await askServer(given, `drop database if exists ${template} with (force)`);
      await server.stop();
    };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** An engine that is killed leaves nothing in the cache: one that ends by itself fills it, for all that follow. */
async function fillCompileCache(): Promise<void> {
  await promisify(execFile)(process.execPath, [fileURLToPath(new URL("../src/main.ts", import.meta.url)), "--help"]);
}

/** In a folder that names this process, so that what a killed run left can be told from what another run uses. */
async function startBuiltIn(): Promise<{ url: string; stop(): Promise<void> }> {
  for (const name of await readdir(tmpdir())) {
    const pid = name.startsWith(PREFIX) ? Number(name.slice(PREFIX.length).split("-")[0]) : process.pid;
    if (processStart(pid) === null) await removeEmbedded(join(tmpdir(), name)).catch(() => {}); // another user's
  }
  const dataDir = await mkdtemp(join(tmpdir(), `${PREFIX}${process.pid}-`));
  await chmod(dataDir, 0o755); // as root, PostgreSQL's own user must get in
  const server = await startEmbedded({ dataDir, durable: false });
  const stop = async () => {
    await server.stop();
    await removeEmbedded(dataDir);
  };
  return { url: server.url, stop };
}

/** A name of its own per run: several runs may share one server. */
async function makeTemplate(server: string, given: boolean): Promise<string> {
  const name = `bw_template_${randomBytes(4).toString("hex")}`;
  await askServer(server, `create database ${name}`).catch((error: Error) => {
    if (!given) throw error;
    const advice = "Start that server, let its user create databases, or unset the variable to test on the built-in PostgreSQL.";
    throw new Error(`The server of TEST_DATABASE_URL made no database: ${error.message}. ${advice}`, { cause: error });
  });
  const url = databaseOn(server, name);
  await migrate(url);
  return name;
}
