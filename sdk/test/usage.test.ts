/** Usage through the spool: nothing is lost, nothing counts twice, whatever happens to the engine, the network or the process. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { TEST_KEY } from "../../engine/test/world.ts";
import { BillwrightError, type BillwrightOptions, type UsageEvent } from "../src/node.ts";
import { CATALOG, eventually, type ServedEngine, serveEngine } from "./served-engine.ts";

let engine: ServedEngine;
const children: ChildProcess[] = [];

beforeAll(async () => {
  engine = await serveEngine();
  await engine.world.must("PUT", "/v1/catalog", CATALOG);
  await engine.world.must("PUT", "/v1/tenants/acme", { currency: "usd" });
});
afterEach(() => {
  engine.proxy.fault(null);
  for (const child of children.splice(0)) child.kill("SIGKILL");
});
afterAll(() => engine.close());

const usage = (name: string, i: number): UsageEvent => ({ tenant_id: "acme", event: name, idempotency_key: `${name}-${i}` });
const spooled = (directory: string, more: BillwrightOptions["usage"] = {}) =>
  engine.client({ retries: 0, usage: { spool: directory, batchSize: 100, interval: 20, ...more } });

/** The keys of all events of a name that the engine has. */
async function keysOf(name: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const event of engine.client().usage.events("acme", { event: name, limit: 100 })) keys.push(event.idempotency_key!);
  return keys.sort();
}

describe("lesson 21", () => {
  test("lesson 21: an engine that is away drops no event, and a bad event is named and stops no other", { timeout: 60_000 }, async () => {
    const directory = await engine.folder();
    const rejected: [UsageEvent, string][] = [];
    let delays = 0;
    const client = spooled(directory, {
      onRejected: (event, faults) => rejected.push([event, faults.map(({ path, message }) => `${path} ${message}`).join()]),
      onDelayed: () => {
        delays += 1;
      },
    });
    engine.proxy.fault("away");
    for (let i = 0; i < 250; i++) await client.usage.record(usage("l21", i));
    await client.usage.record({ tenant_id: "nobody", event: "l21", idempotency_key: "stranger" });
    await client.usage.record({ tenant_id: "acme", event: "llm", idempotency_key: "no-n", properties: {} });
    for (let i = 250; i < 300; i++) await client.usage.record(usage("l21", i));
    await eventually(() => expect(delays).toBeGreaterThan(1));
    expect(await client.usage.pending()).toBe(302);
    engine.proxy.fault(null);
    await client.flush();
    expect(await keysOf("l21")).toEqual(Array.from({ length: 300 }, (_none, i) => `l21-${i}`).sort());
    expect(rejected.map(([event, why]) => [event.idempotency_key, why])).toEqual([
      ["stranger", "tenant_id names no tenant"],
      ["no-n", expect.stringContaining("properties.n")],
    ]);
    // They are kept where a person finds them, with the reason.
    const aside = (await readFile(join(directory, "set-aside.ndjson"), "utf8")).trim().split("\n");
    expect(aside.map((line) => JSON.parse(line))).toMatchObject([{ tenant_id: "nobody", set_aside: "tenant_id names no tenant" }, {}]);
    expect(await client.close()).toEqual({ pending: 0 });
    expect((await readdir(directory)).filter((name) => name.startsWith("queue"))).toEqual([]);
  });
});

describe("a process that is killed", () => {
  test("has lost nothing that was confirmed, and the next one sends it once", { timeout: 120_000 }, async () => {
    for (const fsync of ["interval", "always"]) {
      const directory = await engine.folder();
      const confirmed: string[] = [];
      for (let life = 0; life < 3; life++) {
        // Away, losing answers, slow.
        engine.proxy.fault(life === 0 ? "away" : life === 1 ? "answer_lost" : { late: 30 });
        const path = fileURLToPath(new URL("./recorder.ts", import.meta.url));
        const child = spawn(process.execPath, [path, engine.proxy.url, TEST_KEY, directory, `${fsync}${life}`, fsync], {
          stdio: ["ignore", "pipe", "inherit"],
        });
        children.push(child);
        let out = "";
        child.stdout!.on("data", (chunk) => {
          out += chunk;
        });
        await eventually(() => expect(out.split("\n").length).toBeGreaterThan(500), 60_000);
        child.kill("SIGKILL");
        await once(child, "close");
        confirmed.push(...out.slice(0, out.lastIndexOf("\n")).split("\n"));
      }
      engine.proxy.fault(null);
      const heir = spooled(directory, { batchSize: 1_000 });
      await heir.usage.open();
      await heir.flush({ timeout: 60_000 });
      await heir.close();
      const there = new Set((await keysOf("llm")).filter((key) => key.startsWith(fsync)));
      expect(confirmed.filter((key) => !there.has(key))).toEqual([]);
      expect((await readdir(directory)).filter((name) => name.startsWith("queue"))).toEqual([]);
    }
  });

  test("is inherited by one process alone", { timeout: 60_000 }, async () => {
    const directory = await engine.folder();
    engine.proxy.fault("away");
    const dead = spooled(directory);
    for (let i = 0; i < 500; i++) await dead.usage.record(usage("heirs", i));
    await dead.close({ timeout: 0 });
    const heirs = Array.from({ length: 5 }, () => spooled(directory));
    await Promise.all(heirs.map((heir) => heir.usage.open()));
    const shares = await Promise.all(heirs.map((heir) => heir.usage.pending()));
    expect(shares.sort((a, b) => b - a)).toEqual([500, 0, 0, 0, 0]);
    engine.proxy.fault(null);
    await Promise.all(heirs.map((heir) => heir.flush()));
    expect(await keysOf("heirs")).toHaveLength(500);
  });

  test("that left half a line and half a mark is recovered to the last whole ones", async () => {
    const directory = await engine.folder();
    engine.proxy.fault("away");
    const dead = spooled(directory);
    for (let i = 0; i < 5; i++) await dead.usage.record(usage("torn", i));
    await dead.close({ timeout: 0 });
    const [queue] = await readdir(directory);
    const [file] = await readdir(join(directory, queue!));
    const path = join(directory, queue!, file!);
    const text = await readFile(path, "utf8");
    await writeFile(path, `${text}{"tenant_id":"acme","event":"torn","idempo`);
    await writeFile(`${path}.settled`, `${text.indexOf("\n") + 1}\n9`);
    const heir = spooled(directory);
    await heir.usage.open();
    expect(await heir.usage.pending()).toBe(4);
    engine.proxy.fault(null);
    await heir.flush();
    expect(await keysOf("torn")).toEqual([1, 2, 3, 4].map((i) => `torn-${i}`));
  });

  test("a process that lives keeps what is its own", async () => {
    const directory = await engine.folder();
    engine.proxy.fault("away");
    const living = spooled(directory);
    await living.usage.record(usage("living", 0));
    const other = spooled(directory);
    await other.usage.open();
    expect(await other.usage.pending()).toBe(0);
    expect(await living.usage.pending()).toBe(1);
  });
});

describe("sending", () => {
  test("again and again counts once: answers are lost, halved, refused for a while", async () => {
    const client = spooled(await engine.folder(), { batchSize: 50 });
    engine.proxy.fault("answer_lost", 3);
    for (let i = 0; i < 120; i++)
      await client.usage.record({ ...usage("llm", i), idempotency_key: `again-${i}`, properties: { n: "0.1" } });
    await eventually(async () => expect(await client.usage.pending()).toBe(0));
    const { items } = await client.usage.list("acme", { meter: "tokens", granularity: "total" });
    const before = items[0]!.value;
    engine.proxy.fault({ answer: { status: 500, body: "{}" } }, 2);
    for (let i = 0; i < 120; i++)
      await client.usage.record({ ...usage("llm", i), idempotency_key: `again-${i}`, properties: { n: "0.1" } });
    await client.flush();
    expect((await client.usage.list("acme", { meter: "tokens", granularity: "total" })).items[0]!.value).toEqual(before);
  });

  test("an engine that is killed and comes back elsewhere has all of it", { timeout: 90_000 }, async () => {
    const start = async () => {
      const path = fileURLToPath(new URL("../../engine/test/usage-sender.ts", import.meta.url));
      const child = spawn(process.execPath, [path, engine.world.billing.databaseUrl], { stdio: ["ignore", "pipe", "inherit"] });
      children.push(child);
      const [line] = (await once(child.stdout!, "data")) as [Buffer];
      engine.proxy.moveTo((JSON.parse(String(line)) as { port: number }).port);
      engine.proxy.cut();
      return child;
    };
    const client = spooled(await engine.folder(), { batchSize: 100, interval: 1 });
    const recorded: string[] = [];
    let isOver = false;
    const recording = (async () => {
      for (let i = 0; !isOver; i++) {
        recorded.push(await client.usage.record(usage("killed", i)));
        if (i % 5 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
      }
    })();
    for (let i = 0; i < 2; i++) {
      const child = await start();
      const count = recorded.length;
      await eventually(() => expect(recorded.length).toBeGreaterThan(count + 200));
      child.kill("SIGKILL");
      await once(child, "close");
    }
    engine.proxy.moveTo(Number(new URL(engine.url).port));
    isOver = true;
    await recording;
    await client.flush();
    expect(await keysOf("killed")).toEqual([...recorded].sort());
  });

  test("fills a batch or waits its interval, and a body too large is halved", async () => {
    const client = spooled(await engine.folder(), { batchSize: 10, interval: 60_000 });
    const before = engine.proxy.requests;
    for (let i = 0; i < 9; i++) await client.usage.record(usage("batch", i));
    expect(await client.usage.pending()).toBe(9);
    await client.usage.record(usage("batch", 9));
    await eventually(async () => expect(await client.usage.pending()).toBe(0));
    expect(engine.proxy.requests - before).toBe(1);
    engine.proxy.fault({ answer: { status: 413 } }, 1);
    for (let i = 10; i < 20; i++) await client.usage.record(usage("batch", i));
    await eventually(async () => expect(await client.usage.pending()).toBe(0));
    expect(await keysOf("batch")).toHaveLength(20);
  });

  test("a key that is refused delays, and rejects nothing", async () => {
    const delays: string[] = [];
    const rejected: UsageEvent[] = [];
    let apiKey = "bw_test_wrong";
    const client = engine.client({
      apiKey: () => apiKey,
      usage: {
        spool: await engine.folder(),
        interval: 5,
        onDelayed: ({ code }) => delays.push(code),
        onRejected: (event) => rejected.push(event),
      },
    });
    await client.usage.record(usage("refused", 0));
    await expect(client.flush({ timeout: 200 })).rejects.toMatchObject({ code: "unauthenticated" });
    expect(delays).toContain("unauthenticated");
    expect(rejected).toEqual([]);
    apiKey = TEST_KEY;
    await client.flush();
    expect(await keysOf("refused")).toEqual(["refused-0"]);
  });

  test("an event is of the time when it was recorded, not when it was sent", async () => {
    const client = spooled(await engine.folder());
    engine.proxy.fault("away");
    const before = Date.now();
    await client.usage.record(usage("time", 0));
    await new Promise((resolve) => setTimeout(resolve, 300));
    engine.proxy.fault(null);
    await client.flush();
    const [event] = (await client.usage.events("acme", { event: "time" })).items;
    expect(Date.parse(event!.at)).toBeLessThan(before + 200);
  });
});

describe("a spool that is full", () => {
  const long = (name: string, i: number): UsageEvent => ({ ...usage(name, i), properties: { text: "x".repeat(800) } });

  test("refuses, and what is in it stays", async () => {
    const client = spooled(await engine.folder(), { maxBytes: 5_000 });
    engine.proxy.fault("away");
    const errors: unknown[] = [];
    for (let i = 0; i < 10; i++) await client.usage.record(long("reject", i)).catch((error: unknown) => errors.push(error));
    expect(errors.length).toBeGreaterThan(3);
    expect(errors[0]).toBeInstanceOf(BillwrightError);
    expect(errors[0]).toMatchObject({ code: "spool_full" });
    engine.proxy.fault(null);
    await client.flush();
    expect(await keysOf("reject")).toHaveLength(10 - errors.length);
  });

  test("lets wait until there is room", async () => {
    const client = spooled(await engine.folder(), { maxBytes: 5_000, whenFull: "wait" });
    engine.proxy.fault("away");
    let done = 0;
    const all = Promise.all(Array.from({ length: 20 }, (_none, i) => client.usage.record(long("wait", i)).then(() => done++)));
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(done).toBeLessThan(6);
    engine.proxy.fault(null);
    await all;
    await client.flush();
    expect(await keysOf("wait")).toHaveLength(20);
  });

  test("gives up the oldest and names them, where that was chosen", async () => {
    for (const spool of [await engine.folder(), "memory"]) {
      const name = spool === "memory" ? "dropm" : "dropd";
      const dropped: string[] = [];
      const client = spooled(spool, {
        maxBytes: 20_000,
        whenFull: "drop_oldest",
        onDropped: (events) => dropped.push(...events.map((event) => event.idempotency_key!)),
      });
      engine.proxy.fault("away");
      for (let i = 0; i < 60; i++) await client.usage.record(long(name, i));
      expect(dropped.length).toBeGreaterThan(20);
      engine.proxy.fault(null);
      await client.flush();
      const there = await keysOf(name);
      expect([...there, ...dropped].sort()).toEqual(Array.from({ length: 60 }, (_none, i) => `${name}-${i}`).sort());
      expect(there).toContain(`${name}-59`);
    }
  });
});

test("an event that is none is refused where it is recorded", async () => {
  const client = engine.client();
  await expect(client.usage.record({ tenant_id: "", event: "x" })).rejects.toThrow("tenant_id");
  await expect(client.usage.record({ tenant_id: "acme", event: "x", amount: Number.NaN })).rejects.toThrow("amount");
  await expect(client.usage.record({ tenant_id: "acme", event: "x", properties: { a: Number.POSITIVE_INFINITY } })).rejects.toThrow("JSON");
  await client.close();
  await expect(client.usage.record({ tenant_id: "acme", event: "x" })).rejects.toMatchObject({ code: "closed" });
});

test("a directory that cannot be is said at the first event", async () => {
  const file = join(await engine.folder(), "file");
  await writeFile(file, "");
  await expect(spooled(join(file, "spool")).usage.record(usage("x", 0))).rejects.toMatchObject({ code: "spool_failed" });
  expect((await stat(file)).isFile()).toBe(true);
});
