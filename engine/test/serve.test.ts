/** `billwright serve` as a process: a first key, both ways to end, and the end of its database. */
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findPlace } from "../src/db/embedded/place.ts";
import { findPostmaster } from "../src/db/embedded/postmaster.ts";
import { removeEmbedded } from "../src/db/embedded.ts";
import { killEngines, startEngine } from "./engine-process.ts";

let parent: string;
let dataDir: string;

beforeAll(() => {
  parent = mkdtempSync(join(tmpdir(), "billwright-serve-"));
  chmodSync(parent, 0o755); // as root, PostgreSQL's own user must get in
  dataDir = join(parent, "data");
});

afterAll(async () => {
  killEngines();
  await removeEmbedded(dataDir);
  rmSync(parent, { recursive: true, force: true });
});

const serve = (...options: string[]) =>
  startEngine(["serve", "--port", "0", ...options], { BILLWRIGHT_DATA_DIR: dataDir, LOG_LEVEL: "fatal" });
const addressIn = (screen: string) => /serves (http:\S+) /.exec(screen)?.[1] ?? "";

test("it makes a first key, once; ends in good order; and does not outlive its database", { timeout: 90_000 }, async () => {
  const first = serve();
  const screen = await first.until(" on the built-in PostgreSQL");
  const key = /shown this once: (\S+)/.exec(screen)?.[1];
  const ask = (address: string, path: string) => fetch(address + path, { headers: { authorization: `Bearer ${key}` } });
  expect((await ask(addressIn(screen), "/v1/plans")).status).toBe(200);
  expect(await first.end("SIGTERM")).toBe(0);

  const second = serve("--role", "api");
  const again = await second.until(" on the built-in PostgreSQL");
  expect(again).toContain("(role api, sandbox)");
  expect(again).not.toContain("shown this once");
  expect((await ask(addressIn(again), "/readyz")).status).toBe(200);
  expect(await second.end("SIGINT")).toBe(0);

  const third = serve();
  await third.until(" on the built-in PostgreSQL");
  process.kill(findPostmaster(findPlace(dataDir)?.data ?? "")?.pid ?? 0, "SIGKILL");
  const { code, err } = await third.ended();
  expect(code).toBe(1);
  expect(err).toMatch(/PostgreSQL is gone .*Start Billwright again/);
});
