import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { isEngineRunning } from "../src/db/embedded/lock.ts";
import { findPlace } from "../src/db/embedded/place.ts";
import { findPostmaster } from "../src/db/embedded/postmaster.ts";
import { attachEmbedded, type Embedded, removeEmbedded, startEmbedded } from "../src/db/embedded.ts";
import { checkoutFor, NOBODY, startChild } from "./embedded-child-process.ts";

const root = process.getuid?.() === 0;

let parent: string;
let dataDir: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "billwright-embedded-"));
  chmodSync(parent, 0o755);
  dataDir = join(parent, "data");
});
afterEach(async () => {
  await removeEmbedded(dataDir);
  rmSync(parent, { recursive: true, force: true });
});

async function ask(url: string, statement: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows;
  } finally {
    await client.end();
  }
}

const remember = (url: string, what: string) =>
  ask(url, `create table if not exists notes (what text); insert into notes values ('${what}')`);
const recall = async (url: string) => (await ask(url, "select what from notes order by what")).map((row) => row.what);
const postmaster = () => findPostmaster(findPlace(dataDir)?.data ?? "");

/** Never 0, which would mean every process of the test run to kill(2). */
function postmasterPid(): number {
  const pid = postmaster()?.pid;
  if (!pid) throw new Error(`No PostgreSQL serves ${dataDir}`);
  return pid;
}

/** Starts, looks, stops: what was remembered must still be there. */
async function recallAfterStart(): Promise<unknown[]> {
  const again = await startEmbedded({ dataDir, durable: false });
  try {
    return await recall(again.url);
  } finally {
    await again.stop();
  }
}

describe("one engine", () => {
  test("keeps its data over a stop and a start", async () => {
    const database = await startEmbedded({ dataDir });
    await remember(database.url, "kept");
    await database.stop();
    await database.stop();
    expect(postmaster()).toBeNull();
    expect(isEngineRunning(dataDir)).toBe(false);
    expect(await recallAfterStart()).toEqual(["kept"]);
  });

  test("is durable, in UTC, on 127.0.0.1 only, and asks for a password that only its user can read", async () => {
    const database = await startEmbedded({ dataDir, settings: { work_mem: "5MB" } });
    const names = ["fsync", "synchronous_commit", "listen_addresses", "unix_socket_directories", "TimeZone", "jit", "work_mem"];
    const rows = await ask(
      database.url,
      `select setting from unnest('{${names}}'::text[]) with ordinality n(name, i) join pg_settings s using (name) order by i`,
    );
    expect(rows.map((row) => row.setting)).toEqual(["on", "on", "127.0.0.1", "", "UTC", "off", "5120"]);
    expect(statSync(join(dataDir, "postgres.password")).mode & 0o777).toBe(0o600);
    await expect(ask(database.url.replace(/:[0-9a-f]+@/, ":wrong@"), "select 1")).rejects.toThrow(/password authentication failed/);
    await database.stop();
  });

  test("gets a new password when the old one is lost", async () => {
    const database = await startEmbedded({ dataDir, durable: false });
    await remember(database.url, "kept");
    await database.stop();
    rmSync(join(dataDir, "postgres.password"));
    expect(await recallAfterStart()).toEqual(["kept"]);
  });
});

describe("two on one folder", () => {
  let first: Embedded;
  beforeEach(async () => {
    first = await startEmbedded({ dataDir, durable: false });
  });
  afterEach(() => first.stop());

  test("the second start is refused and says what to do", async () => {
    await expect(startEmbedded({ dataDir })).rejects.toThrow(/already runs on .*\(process \d+\).*BILLWRIGHT_DATA_DIR/);
    const other = await startChild(dataDir);
    expect(other.refusal).toContain(`process ${process.pid}`);
    expect(await ask(first.url, "select 1 as one")).toEqual([{ one: 1 }]);
  });

  test("a command attaches, and its stop leaves the engine's database alone", async () => {
    const attached = await attachEmbedded(dataDir);
    expect(attached).toMatchObject({ attached: true, url: first.url, port: first.port });
    await attached?.stop();
    expect(await ask(first.url, "select 1 as one")).toEqual([{ one: 1 }]);
  });

  test("a lock whose pid now belongs to another process is taken over", async () => {
    await first.stop();
    expect(await attachEmbedded(dataDir)).toBeNull();
    writeFileSync(join(dataDir, "engine.lock"), `${process.ppid} 1\n`);
    first = await startEmbedded({ dataDir, durable: false });
  });
});

describe("a kill -9", () => {
  test("of PostgreSQL is told, and the next start recovers", async () => {
    const { promise: told, resolve } = Promise.withResolvers<string>();
    const database = await startEmbedded({ dataDir, onExit: resolve });
    await remember(database.url, "committed");
    process.kill(postmasterPid(), "SIGKILL");
    expect(await told).toMatch(/SIGKILL.*postgres\.log/);
    await database.stop();
    expect(await recallAfterStart()).toEqual(["committed"]);
  });

  test("of the engine ends its PostgreSQL in good order, and the next start goes on", async () => {
    const engine = await startChild(dataDir);
    await remember(engine.url, "committed");
    await engine.kill();
    expect(await recallAfterStart()).toEqual(["committed"]);
  });

  test("of both, or of the engine and its guard, is recovered from", async () => {
    const both = await startChild(dataDir);
    await remember(both.url, "first");
    const server = postmasterPid();
    const killed = both.kill();
    process.kill(server, "SIGKILL");
    await killed;

    const unguarded = await startChild(dataDir);
    await remember(unguarded.url, "second");
    const pid = postmasterPid();
    process.kill(guardOf(pid), "SIGKILL");
    await sleep(100);
    await unguarded.kill();
    await sleep(300);
    expect(postmaster()?.pid).toBe(pid);
    expect(await recallAfterStart()).toEqual(["first", "second"]);
  });

  test("leaves a pid file that another process has by now: it does not stop the next start", async () => {
    const database = await startEmbedded({ dataDir, durable: false });
    await remember(database.url, "kept");
    await database.stop();
    const data = findPlace(dataDir)?.data ?? "";
    writeFileSync(join(data, "postmaster.pid"), `${process.ppid}\n${data}\n1\n5432\n\n127.0.0.1\n\n`);
    if (root) chownSync(join(data, "postmaster.pid"), statSync(data).uid, statSync(data).gid);
    expect(await recallAfterStart()).toEqual(["kept"]);
  });
});

describe("a folder", () => {
  test("that is a file is refused with what to do", async () => {
    writeFileSync(join(parent, "file"), "");
    await expect(startEmbedded({ dataDir: join(parent, "file", "data") })).rejects.toThrow(/is not a folder.*BILLWRIGHT_DATA_DIR/);
  });

  test("with the data of another PostgreSQL is refused with what to do", async () => {
    mkdirSync(join(dataDir, "postgres"), { recursive: true });
    writeFileSync(join(dataDir, "postgres", "PG_VERSION"), "12\n");
    await expect(startEmbedded({ dataDir, durable: false })).rejects.toThrow(/made by PostgreSQL 12.*DATABASE_URL/);
    expect(isEngineRunning(dataDir)).toBe(false);
  });
});

// What only root can ask, and only root must survive.
if (root) {
  describe("root", () => {
    test("whose folder nobody else may enter gets the data elsewhere, with a note; a copy of it gets data of its own", async () => {
      chmodSync(parent, 0o700);
      const database = await startEmbedded({ dataDir, durable: false });
      await remember(database.url, "kept");
      await database.stop();
      const place = findPlace(dataDir);
      expect(place?.root).toMatch(/^\/var\/lib\/billwright\//);
      expect(readFileSync(join(dataDir, "postgres-is-elsewhere.txt"), "utf8").split("\n")[0]).toBe(place?.root);
      expect(await recallAfterStart()).toEqual(["kept"]);

      const copy = join(parent, "copy");
      mkdirSync(copy);
      writeFileSync(join(copy, "postgres-is-elsewhere.txt"), `${place?.root}\n`);
      const other = await startEmbedded({ dataDir: copy, durable: false });
      await expect(recall(other.url)).rejects.toThrow(/does not exist/);
      await other.stop();
      await removeEmbedded(copy);
      await removeEmbedded(dataDir);
      expect(existsSync(place?.root ?? "")).toBe(false);
    });
  });

  describe("an ordinary user", () => {
    const { checkout, node, copied } = checkoutFor(NOBODY);
    afterEach(() => {
      if (copied !== null) rmSync(copied, { recursive: true, force: true });
    });

    test("has everything in the data folder, and is refused one that is not writable", async () => {
      mkdirSync(dataDir);
      const refused = await startChild(dataDir, NOBODY, checkout, node);
      expect(refused.refusal).toMatch(/may not write to .*BILLWRIGHT_DATA_DIR.*DATABASE_URL/);

      chownSync(dataDir, NOBODY.uid, NOBODY.gid);
      const engine = await startChild(dataDir, NOBODY, checkout, node);
      await remember(engine.url, "theirs");
      await engine.end();
      expect(statSync(join(dataDir, "postgres")).uid).toBe(NOBODY.uid);
      expect(await recallAfterStart()).toEqual(["theirs"]); // root serves it as its owner

      const again = await startChild(dataDir, NOBODY, checkout, node);
      expect(await recall(again.url)).toEqual(["theirs"]);
      await again.end();
    });
  });
}

/** The shell that waits for the end of the engine, found by the pid that it would stop. */
function guardOf(pid: number): number {
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const line = readFileSync(`/proc/${entry}/cmdline`, "utf8").split("\0");
      if (line.includes("billwright-guard") && line.includes(String(pid))) return Number(entry);
    } catch {} // it ended while we looked
  }
  throw new Error(`No guard of ${pid}`);
}
