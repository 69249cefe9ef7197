/** `npm start` as a person meets it: a real process, killed at the worst moments, and what it says where it cannot start. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { removeEmbedded } from "../src/db/embedded.ts";
import { COMPANIES } from "../src/simulation/demo/companies.ts";
import { joinedAt, monthOfClock } from "../src/simulation/demo/month.ts";
import { sentBetween } from "../src/simulation/demo/usage-pattern.ts";
import { freePort, killEngines, type Started, startEngine } from "./engine-process.ts";

const SERVES = "Ctrl-C stops it";
let parent: string;
let dataDir: string;
let port: number;

beforeAll(async () => {
  parent = mkdtempSync(join(tmpdir(), "billwright-start-"));
  chmodSync(parent, 0o755); // as root, PostgreSQL's own user must get in
  dataDir = join(parent, "data");
  port = await freePort();
});

afterAll(async () => {
  killEngines();
  await removeEmbedded(dataDir);
  rmSync(parent, { recursive: true, force: true });
});

function start(env: Record<string, string> = {}): Started {
  return startEngine(["start"], { BILLWRIGHT_DATA_DIR: dataDir, PORT: String(port), ...env });
}

/** From the headline of the run to the end of the invoice: what both starts must print alike. */
function billsIn(screen: string): string {
  return screen.slice(screen.indexOf("The run of"), screen.indexOf("Billwright serves"));
}

function keyIn(screen: string): string {
  return /API key +(bw_test_\S+)/.exec(screen)?.[1] ?? "";
}

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into freely by tests
async function ask(path: string, key: string, body?: unknown): Promise<any> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    headers: { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { "content-type": "application/json" }) },
    ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
  });
  return response.json();
}

test("the demo survives a kill -9 in the middle of its making, and one after", { timeout: 150_000 }, async () => {
  const first = start();
  await first.until(" events");
  await first.end("SIGKILL");

  const second = start();
  const screen = await second.until(SERVES);
  expect(screen).toContain("Going on where the last start was interrupted");
  expect(screen).toMatch(/The run of 1 \w+ \d{4}: 31 invoices, after 34/);
  expect(screen).toMatch(/Kestrel Robotics +INV-\d{4}-\d{6} +Pro +[\d.]+ +[\d.]+ +USD +paid/);
  expect(screen).toMatch(/exactly [\d.,]+, rounded once/);
  for (const line of billsIn(screen).split("\n")) expect(line.length, line).toBeLessThanOrEqual(80);

  expect(screen).toMatch(new RegExp(`sign in, once +http://localhost:${port}/portal#token=[\\w-]{43}\n`));
  const key = keyIn(screen);
  expect(readFileSync(join(dataDir, "demo-key"), "utf8").trim()).toBe(key);
  expect(statSync(join(dataDir, "demo-key")).mode & 0o777).toBe(0o600);
  await expectUsageBilled(key);
  const { items: before } = await ask("/v1/tenants/kestrel-robotics/invoices", key);
  const { total: upcoming } = await ask("/v1/tenants/kestrel-robotics/upcoming-invoice", key, {});

  expect(await refusalOf({})).toMatch(/already runs on .*BILLWRIGHT_DATA_DIR/);
  const elsewhere = join(parent, "elsewhere");
  expect(await refusalOf({ BILLWRIGHT_DATA_DIR: elsewhere })).toMatch(`Port ${port} is taken by another program.`);
  expect(existsSync(elsewhere)).toBe(false);

  await second.end("SIGKILL");
  const third = start();
  const again = await third.until(SERVES);
  expect(billsIn(again)).toBe(billsIn(screen));
  expect(keyIn(again)).toBe(key);
  expect((await ask("/v1/tenants/kestrel-robotics/invoices", key)).items).toEqual(before);
  expect((await ask("/v1/tenants/kestrel-robotics/upcoming-invoice", key, {})).total).toBe(upcoming);
  expect(await third.end("SIGTERM")).toBe(0);
});

test("a folder that cannot be written to, and a setting without sense, are refused with what to do", { timeout: 60_000 }, async () => {
  // To root nothing is forbidden but what the kernel itself keeps.
  const forbidden = process.getuid?.() === 0 ? "/sys" : join(parent, "forbidden");
  if (forbidden !== "/sys") mkdirSync(forbidden, { mode: 0o500 });
  const free = { PORT: "0" };
  expect(await refusalOf({ ...free, BILLWRIGHT_DATA_DIR: join(forbidden, "billwright") })).toMatch(
    /may not write to .*BILLWRIGHT_DATA_DIR.*DATABASE_URL/,
  );
  expect(await refusalOf({ PORT: "http" })).toBe('PORT is "http", but must be a whole number from 0 to 65535.');
  expect(await refusalOf({ ...free, BILLWRIGHT_MODE: "live" })).toMatch(/sandbox.*npm run serve/);
  expect(await refusalOf({ ...free, DATABASE_URL: "postgres://127.0.0.1:9/none" })).toMatch(/cannot be reached.*DATABASE_URL/);
});

/** One sentence, no stack, exit code 1. */
async function refusalOf(env: Record<string, string>): Promise<string> {
  const { code, err } = await start(env).ended();
  expect(code).toBe(1);
  expect(err).not.toMatch(/\n +at /);
  expect(err.trim().split("\n")).toHaveLength(1);
  return err.trim();
}

/** Each invoiced sum of tokens, against what the customers' servers sent before the period closed, reckoned here. */
async function expectUsageBilled(key: string): Promise<void> {
  const [clock] = (await ask("/v1/test-clocks", key)).items;
  const month = monthOfClock(clock.name);
  if (month === null) throw new Error(`not the demo's clock: ${clock.name}`);
  for (const company of COMPANIES.filter(({ plan }) => plan === "pro_monthly" || plan === "starter")) {
    const { items } = await ask(`/v1/tenants/${company.id}/invoices`, key);
    const invoice = items.find(({ reason }: { reason: string }) => reason === "period");
    const [from, to] = [Date.parse(invoice.period_start), Date.parse(invoice.period_end)];
    const sent = sentBetween(company, month.start, joinedAt(company, month), from, to).filter(({ at }) => Date.parse(at) >= from);
    const once = new Map(sent.map((event) => [`${event.event} ${event.idempotency_key}`, event]));
    const tokens = [...once.values()].reduce((sum, { properties }) => sum + Number(properties?.input_tokens ?? 0), 0);
    const line = invoice.lines.find(({ price }: { price: string }) => price === "input");
    expect([company.id, line.quantity]).toEqual([company.id, tokens]);
  }
}
