/** `billwright doctor` tells what is well, and of what is not what to do. */
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Finding } from "../src/cli/doctor/finding.ts";
import { nodeFinding } from "../src/cli/doctor/machine.ts";
import { createTestDatabase, type TestDatabase } from "./database.ts";
import { runCommand } from "./terminal.ts";
import { createWorld } from "./world.ts";

let database: TestDatabase;
let client: pg.Client;
beforeAll(async () => {
  database = await createTestDatabase();
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await database.drop();
});

async function examine(env: Record<string, string> = {}): Promise<{ code: number; of: Record<string, Finding> }> {
  const run = await runCommand(["doctor", "--json"], { DATABASE_URL: database.url, PORT: "0", ...env });
  expect(run.err).toBe("");
  const { findings } = JSON.parse(run.out) as { findings: Finding[] };
  return { code: run.code, of: Object.fromEntries(findings.map((finding) => [finding.about, finding])) };
}

test("a database that is as it should be", async () => {
  const { of } = await examine();
  const states = Object.fromEntries(Object.entries(of).map(([about, { state }]) => [about, state]));
  expect(states).toMatchObject({
    ...{ Node: "ok", environment: "ok", "data folder": "ok", disk: "ok", port: "ok", PostgreSQL: "ok", migrations: "ok", clock: "ok" },
    ...{ "job queue": "ok", "due work": "ok", "failed jobs": "ok", "event order": "ok", secrets: "ok" },
  });
});

test("is printed with an arrow to what helps", async () => {
  const { out, code } = await runCommand(["doctor"], { DATABASE_URL: database.url, PORT: "70000" });
  expect(code).toBe(1);
  expect(out).toMatch(/^ok +Node +\d/);
  expect(out).toMatch(/^bad +environment +PORT is "70000".*\n +→ \.env\.example/m);
});

describe("what is not well", () => {
  test("a server that may lose what it answered", async () => {
    const { rows } = await client.query<{ off: boolean }>(
      "select bool_or(setting = 'off') as off from pg_settings where name in ('fsync', 'full_page_writes', 'synchronous_commit')",
    );
    const { of } = await examine();
    expect(of.settings!.state).toBe(rows[0]!.off ? "bad" : "ok");
    if (rows[0]!.off)
      expect(of.settings).toMatchObject({ says: expect.stringMatching(/= off/), advice: expect.stringMatching(/can be lost/) });
  });

  test("no server, a database without tables, a folder without a database", async () => {
    const away = await examine({ DATABASE_URL: "postgres://x@127.0.0.1:1/x" });
    expect([away.code, away.of.PostgreSQL]).toMatchObject([1, { state: "bad", advice: expect.stringMatching(/cannot be reached/) }]);
    const folder = mkdtempSync(join(tmpdir(), "billwright-doctor-"));
    try {
      const fresh = await examine({ DATABASE_URL: "", BILLWRIGHT_DATA_DIR: folder });
      expect([fresh.code, fresh.of["data folder"], fresh.of.PostgreSQL]).toMatchObject([0, { state: "warn" }, { state: "warn" }]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("a port that another program has; a Billwright there is fine", async () => {
    const other = createServer((_request, response) => response.end("{}")).listen(0, "127.0.0.1");
    await once(other, "listening");
    const taken = await examine({ PORT: String((other.address() as AddressInfo).port) });
    expect(taken.of.port).toMatchObject({ state: "bad", advice: expect.stringMatching(/choose another port/) });
    other.close();
    const world = await createWorld({ config: { port: 0 } });
    try {
      const { port } = new URL(await world.billing.listen());
      expect((await examine({ PORT: port })).of.port).toMatchObject({
        state: "ok",
        says: expect.stringMatching(/a Billwright that answers/),
      });
    } finally {
      await world.close();
    }
  });

  const BROKEN: [what: string, edit: string, about: string, state: string, says: RegExp][] = [
    [
      "a migration that has not run",
      "delete from schema_migrations where name = '0002_usage.sql'",
      "migrations",
      "warn",
      /^1 of \d+ have not run$/,
    ],
    [
      "a migration that was changed",
      "update schema_migrations set sha256 = 'x' where name = '0001_core.sql'",
      "migrations",
      "bad",
      /^0001_core.sql was changed/,
    ],
    [
      "a newer database",
      "insert into schema_migrations (name, sha256) values ('9999_later.sql', 'x')",
      "migrations",
      "bad",
      /^the database knows 9999_later.sql/,
    ],
    [
      "jobs that nobody runs",
      "select graphile_worker.add_job('renew-due', run_at => now() - interval '1 hour')",
      "job queue",
      "bad",
      /^1 wait, the oldest since 36\d\d s$/,
    ],
    [
      "a job that gave up",
      `select graphile_worker.add_job('collect-due', max_attempts => 1);
       update graphile_worker._private_jobs set attempts = 1, last_error = e'it broke\nhere'`,
      "failed jobs",
      "bad",
      /^1 gave up; collect-due: it broke$/,
    ],
    [
      "events restored from a dump",
      `insert into billing_events (xid, id, type, summary, data, source, occurred_at)
       values ('9999999999', 'evt_x', 'catalog.changed', '', '{}', 'engine', now())`,
      "event order",
      "bad",
      /^1 events are of transactions to come/,
    ],
  ];

  test.each(BROKEN)("%s", async (_what, edit, about, state, says) => {
    const broken = await createTestDatabase();
    const hand = new pg.Client({ connectionString: broken.url });
    await hand.connect();
    try {
      await hand.query(edit);
      const { of } = await examine({ DATABASE_URL: broken.url });
      expect(of[about]).toMatchObject({ state, says: expect.stringMatching(says), advice: expect.any(String) });
    } finally {
      await hand.end();
      await broken.drop();
    }
  });
});

test("a Node that is too old", () => {
  expect(["24.21.0", "22.18.0", "22.17.9", "20.0.0"].map((version) => nodeFinding(version).state)).toEqual(["ok", "ok", "bad", "bad"]);
});
