/** Real Redis servers, alone or three as a cluster, on free ports of this machine: killed, stopped and started again by tests. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { sleep } from "../src/clock.ts";
import type { RedisAddress } from "../src/config.ts";

/** Set by the global setup in redis.ts, inherited by the processes that run the tests. */
export const PROGRAM_VARIABLE = "BILLWRIGHT_TEST_REDIS";
export const ADVICE_VARIABLE = "BILLWRIGHT_TEST_REDIS_ADVICE";
const HOST = "127.0.0.1";
const START_MS = 20_000;
const SLOTS = 16_384;

export interface RedisServer {
  readonly port: number;
  readonly address: RedisAddress;
  /** A connection for the test itself. */
  client(): Redis;
  /** As by kill -9; what it had is gone, since it writes nothing down. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Alive and mute, until it may go on. */
  freeze(): void;
  thaw(): void;
  stop(): Promise<void>;
}

export interface RedisCluster {
  readonly address: RedisAddress;
  readonly nodes: readonly RedisServer[];
  stop(): Promise<void>;
}

function program(): string {
  const found = process.env[PROGRAM_VARIABLE];
  if (!found) throw new Error(process.env[ADVICE_VARIABLE] ?? "Run this by vitest from the root, which looks for redis-server first.");
  return found;
}

/** The server that TEST_REDIS_URL names, or one that is started for the test. */
export async function anyRedis(): Promise<{ address: RedisAddress; stop(): Promise<void> }> {
  const given = process.env.TEST_REDIS_URL;
  return given ? { address: { urls: [given], cluster: false }, stop: async () => undefined } : startRedis();
}

export async function startRedis(): Promise<RedisServer> {
  return begin(await freePort());
}

async function begin(port: number, more: readonly string[] = []): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), "billwright-redis-"));
  let child: ChildProcess;
  const clients = new Set<Redis>();
  const connect = (): Redis => {
    const client = new Redis({ host: HOST, port, protocol: 2, retryStrategy: () => 50, maxRetriesPerRequest: null });
    client.on("error", () => undefined);
    clients.add(client);
    return client;
  };
  const start = async (): Promise<void> => {
    const settings = ["--port", String(port), "--bind", HOST, "--save", "", "--appendonly", "no", "--dir", folder];
    child = spawn(program(), [...settings, ...more], { stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    child.stdout!.on("data", (text) => {
      said += text;
    });
    child.stderr!.on("data", (text) => {
      said += text;
    });
    const failed = new Promise<never>((_, reject) =>
      child.once("exit", (code) => reject(new Error(`redis-server ended with ${code}: ${said.slice(-1_000)}`))),
    );
    failed.catch(() => undefined);
    const probe = connect();
    const isUp = async (): Promise<boolean> => (await Promise.race([probe.ping(), failed])) === "PONG";
    const late = sleep(START_MS).then(() => Promise.reject(new Error(`redis-server was not up in ${START_MS} ms: ${said.slice(-1_000)}`)));
    late.catch(() => undefined);
    await Promise.race([isUp(), late]);
    clients.delete(probe);
    probe.disconnect();
  };
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
  };
  await start();
  return {
    port,
    address: { urls: [`redis://${HOST}:${port}`], cluster: false },
    client: connect,
    kill,
    start,
    freeze: () => void child.kill("SIGSTOP"),
    thaw: () => void child.kill("SIGCONT"),
    stop: async () => {
      for (const client of clients) client.disconnect();
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Three masters, each with a third of the slots. */
export async function startCluster(): Promise<RedisCluster> {
  const settings = ["--cluster-enabled", "yes", "--cluster-node-timeout", "2000", "--cluster-require-full-coverage", "no"];
  const nodes: RedisServer[] = [];
  // The bus of a node is at its port and 10,000.
  for (let i = 0; i < 3; i++) nodes.push(await begin(await freePort(20_000), settings));
  const clients = nodes.map((node) => node.client());
  for (const [i, client] of clients.entries()) {
    await client.call("CLUSTER", "ADDSLOTSRANGE", Math.ceil((i * SLOTS) / 3), Math.ceil(((i + 1) * SLOTS) / 3) - 1);
    await client.call("CLUSTER", "SET-CONFIG-EPOCH", i + 1);
  }
  for (const client of clients.slice(1)) await client.call("CLUSTER", "MEET", HOST, nodes[0]!.port);
  const isWhole = async (client: Redis): Promise<boolean> => {
    const info = String(await client.call("CLUSTER", "INFO"));
    return info.includes("cluster_state:ok") && info.includes(`cluster_slots_ok:${SLOTS}`) && info.includes("cluster_known_nodes:3");
  };
  for (const client of clients) while (!(await isWhole(client))) await sleep(20);
  for (const client of clients) client.disconnect();
  return {
    address: { urls: nodes.map(({ port }) => `redis://${HOST}:${port}`), cluster: true },
    nodes,
    stop: async () => void (await Promise.all(nodes.map((node) => node.stop()))),
  };
}

async function freePort(below = 60_000): Promise<number> {
  for (;;) {
    const server = createServer();
    const at = below === 60_000 ? 0 : 11_000 + Math.floor(Math.random() * (below - 11_000));
    const port = await new Promise<number | null>((resolve) => {
      server.once("error", () => resolve(null));
      server.listen(at, HOST, () => resolve((server.address() as { port: number }).port));
    });
    await new Promise((resolve) => server.close(resolve));
    if (port !== null) return port;
  }
}
