/** One hot wallet, two processes, kill -9 in between: exactly what was there is given out, and keys that are sent again answer as before. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createWorld, TEST_KEY, type World } from "../world.ts";

const CREDITS = 10_000;
const REQUESTS = 20_000;
const CLIENTS = 64;

let world: World;
const engines: ChildProcess[] = [];
beforeAll(async () => {
  world = await createWorld();
  await world.must("PUT", "/v1/tenants/hot", {});
  await world.must("POST", "/v1/tenants/hot/credits/grants", { amount: CREDITS - 7, source: "purchase" });
  await world.must("POST", "/v1/tenants/hot/credits/grants", { amount: 7, source: "promotion", expires_at: "2099-01-01T00:00:00Z" });
});
afterAll(async () => {
  for (const engine of engines) engine.kill("SIGKILL");
  await world.close();
});

async function startEngine(): Promise<{ port: number; kill(): Promise<void> }> {
  const path = fileURLToPath(new URL("./credits-engine.ts", import.meta.url));
  const engine = spawn(process.execPath, [path, world.billing.databaseUrl], { stdio: ["ignore", "pipe", "inherit"] });
  engines.push(engine);
  const ended = once(engine, "exit").then(() => Promise.reject(new Error("the engine ended before it served")));
  const [line] = (await Promise.race([once(createInterface(engine.stdout!), "line"), ended])) as [string];
  ended.catch(() => undefined);
  return {
    port: (JSON.parse(line) as { port: number }).port,
    kill: async () => {
      engine.kill("SIGKILL");
      if (engine.exitCode === null && engine.signalCode === null) await once(engine, "exit");
    },
  };
}

interface Answer {
  status: number;
  text: string;
}

/** null: no answer. */
async function consume(port: number, key: string): Promise<Answer | null> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/v1/tenants/hot/credits/consume`, {
      method: "POST",
      headers: { authorization: `Bearer ${TEST_KEY}`, "content-type": "application/json" },
      body: JSON.stringify({ amount: 1, idempotency_key: key }),
    });
    return { status: response.status, text: await response.text() };
  } catch {
    return null;
  }
}

/** What an answer says, without what names the request. */
const said = ({ status, text }: Answer): string => `${status} ${text.replace(/"request_id":"[^"]*"/, "")}`;

test("64 clients ask 20,000 times for one of 10,000 credits", { timeout: 300_000 }, async () => {
  const ports: number[] = [];
  const [first, second] = await Promise.all([startEngine(), startEngine()]);
  ports.push(first!.port, second!.port);
  const answers = new Map<string, Answer>();
  const broken = new Set<string>();
  let next = 0;
  const clients = Array.from({ length: CLIENTS }, async (_, client) => {
    while (next < REQUESTS) {
      const key = `k${next++}`;
      // Sent again with the same key, to whichever engine serves, until there is an answer.
      for (let attempt = 0; !answers.has(key); attempt++) {
        const answer = await consume(ports[(client + attempt) % 2]!, key);
        if (answer === null) {
          broken.add(key);
          await new Promise((resolve) => setTimeout(resolve, 20));
        } else answers.set(key, answer);
      }
    }
  });
  const until = async (count: number) => {
    while (answers.size < count) await new Promise((resolve) => setTimeout(resolve, 10));
  };
  await until(2_000);
  await first!.kill();
  ports[0] = (await startEngine()).port;
  await until(8_000);
  await second!.kill();
  ports[1] = (await startEngine()).port;
  await Promise.all(clients);

  const count = (status: number) => [...answers.values()].filter((answer) => answer.status === status).length;
  expect([count(200), count(402)]).toEqual([CREDITS, REQUESTS - CREDITS]);
  expect(broken.size).toBeGreaterThan(0);
  expect(new Set([...answers.values()].filter(({ status }) => status === 200).map(({ text }) => JSON.parse(text).balance_after)).size).toBe(
    CREDITS,
  );
  // Those that were cut off first, and some of all others.
  const again = [...broken, ...[...answers.keys()].filter((_, index) => index % 40 === 0)];
  let place = 0;
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      while (place < again.length) {
        const key = again[place++]!;
        expect(said((await consume(ports[place % 2]!, key))!)).toBe(said(answers.get(key)!));
      }
    }),
  );
  const { balance, grants } = await world.must("GET", "/v1/tenants/hot/credits");
  expect([balance, grants]).toEqual([0, []]);
  const report = await world.must("GET", "/v1/credits/verify");
  expect(report.checks.filter((check: { wrong: number }) => check.wrong > 0)).toEqual([]);
});
