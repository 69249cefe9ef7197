/** The README's quickstart and the examples are programs: here they run, as they are written, against a real engine. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { freePort } from "../../engine/test/engine-process.ts";
import { eventually, KEY, type ServedEngine, serveEngine } from "./served-engine.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
let engine: ServedEngine;
const children: ChildProcess[] = [];

beforeAll(async () => {
  engine = await serveEngine();
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});
afterAll(() => engine.close());

/** Its spool goes to a folder of its own. */
async function run(file: string, args: string[] = [], more: Record<string, string> = {}) {
  const child = spawn(process.execPath, [file, ...args], {
    cwd: await engine.folder(),
    env: { PATH: process.env.PATH, BILLWRIGHT_URL: engine.url, BILLWRIGHT_API_KEY: KEY, ...more },
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.push(child);
  let out = "";
  for (const stream of [child.stdout!, child.stderr!]) stream.on("data", (chunk) => (out += chunk));
  const ended = once(child, "close").then(([code]) => ({ code: code as number | null, out }));
  return { child, ended, printed: () => out };
}

test("the quickstart of the README", { timeout: 60_000 }, async () => {
  const readme = await readFile(join(ROOT, "sdk/README.md"), "utf8");
  const [, program = ""] = /```ts quickstart\n([\s\S]*?)```/.exec(readme) ?? [];
  expect(program).toContain("@billwright/client");
  // Beside the packages, so that they are found; the client itself is this source.
  const folder = join(ROOT, "sdk/dist");
  await mkdir(folder, { recursive: true });
  const file = join(folder, `quickstart-${process.pid}.ts`);
  await writeFile(file, program.replace('"@billwright/client"', JSON.stringify(join(ROOT, "sdk/src/node.ts"))));
  try {
    const { code, out } = await (await run(file)).ended;
    expect(out).toMatch(/2900 usd\nreports left today: 9[89]\n$/);
    expect(code).toBe(0);
  } finally {
    await rm(file);
  }
  const { body } = await engine.world.get("/v1/tenants/acme/entitlements/reports");
  expect(body).toMatchObject({ used: 2, limit: 100 });
});

test("examples/ai-chat.ts: credits are held, captured, and run out", { timeout: 90_000 }, async () => {
  const ask = async () => (await (await run(join(ROOT, "examples/ai-chat.ts"))).ended).out;
  expect(await ask()).toContain("A ledger is a list that nobody rewrites.\n8.5 credits left, 0 held.");
  expect((await engine.world.get("/v1/tenants/chatty/usage/events")).body.items).toHaveLength(1);
  await engine.world.must("POST", "/v1/tenants/chatty/credits/consume", { amount: 8 });
  expect(await ask()).toContain("Not enough credits");
});

test("examples/quota-api.ts: two reports a day", { timeout: 90_000 }, async () => {
  const port = await freePort();
  const { child, ended, printed } = await run(join(ROOT, "examples/quota-api.ts"), [], { PORT: String(port) });
  await eventually(() => expect(printed()).toContain("Listening"), 60_000);
  const get = (path: string) => fetch(`http://127.0.0.1:${port}${path}`, { headers: { "x-organization": "acme" } });
  // The quickstart may have used some of the same tenant's.
  await engine.world.must("PUT", "/v1/tenants/acme-api", { currency: "usd" });
  const mine = (path: string) => fetch(`http://127.0.0.1:${port}${path}`, { headers: { "x-organization": "acme-api" } });
  expect(await (await mine("/reports")).json()).toEqual({ report: "42", left: 1 });
  expect((await mine("/reports")).status).toBe(200);
  expect((await mine("/reports")).status).toBe(429);
  expect((await get("/export")).status).toBe(403);
  child.kill("SIGTERM");
  expect((await ended).code).toBe(0);
});
