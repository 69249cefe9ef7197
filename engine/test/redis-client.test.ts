/** The port to Redis, against real servers that are killed, frozen and started again: it answers, or says at once that there is no answer. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sleep, stopwatch } from "../src/clock.ts";
import type { RedisAddress } from "../src/config.ts";
import { openRedis, type Redis, type Script } from "../src/redis/redis.ts";
import { type RedisCluster, type RedisServer, startCluster, startRedis } from "./redis-server.ts";

const COUNT: Script = { name: "testCount", keys: 1, lua: "return redis.call('INCRBY', KEYS[1], ARGV[1])" };
const told: boolean[] = [];
const open = (address: RedisAddress, home: string) => openRedis(address, home, (isThere) => told.push(isThere));

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(10);
}

/** What is heard on a channel, with `up` and `down`. */
function hear(redis: Redis, channel: string): string[] {
  const heard: string[] = [];
  redis.listen(channel, { up: () => heard.push("up"), down: () => heard.push("down"), word: (text) => heard.push(text) });
  return heard;
}

describe("one server", () => {
  let server: RedisServer;
  let redis: Redis;

  beforeAll(async () => {
    server = await startRedis();
    redis = await open(server.address, "{one}");
  });
  afterAll(async () => {
    await redis.close();
    await server.stop();
  });

  it("runs scripts, and is heard on channels", async () => {
    expect(await redis.run(COUNT, ["{one}:a"], [3])).toBe(3);
    expect(await redis.run(COUNT, ["{one}:a"], [4])).toBe(7);
    const heard = hear(redis, "{one}:words");
    await until(() => heard.length === 1);
    await redis.publish("{one}:words", "hello");
    await until(() => heard.length === 2);
    expect(heard).toEqual(["up", "hello"]);
    expect(await redis.ping()).toBeLessThan(5_000);
    expect(redis.state()).toMatchObject({ circuit: "closed", listens: true, failed: 0, opened: 0 });
  });

  it("killed: every answer is a refusal, at once; started again, empty: it is back by itself, and so are those who listen", async () => {
    const heard = hear(redis, "{one}:life");
    await until(() => heard.length === 1);
    const changes: boolean[] = [];
    const stop = redis.watch((isThere) => changes.push(isThere));
    await server.kill();
    await until(() => !redis.isThere());
    const time = stopwatch();
    for (let i = 0; i < 200; i++) await expect(redis.run(COUNT, ["{one}:a"], [1])).rejects.toThrow();
    expect(time()).toBeLessThan(5_000);
    await until(() => heard.includes("down"));
    await server.start();
    await until(() => redis.isThere() && heard.at(-1) === "up");
    expect(await redis.run(COUNT, ["{one}:a"], [1])).toBe(1);
    await redis.publish("{one}:life", "again");
    await until(() => heard.includes("again"));
    expect(heard).toEqual(["up", "down", "up", "again"]);
    expect(changes).toEqual([false, true]);
    expect(told).toEqual([false, true]);
    stop();
  });

  it("alive and mute: after some time-outs nothing waits for it any more", async () => {
    const { opened } = redis.state();
    server.freeze();
    await until(async () => {
      await redis.run(COUNT, ["{one}:a"], [1]).catch(() => undefined);
      return !redis.isThere();
    });
    const time = stopwatch();
    let refused = 0;
    // All but the few who may try while it is half open.
    for (let i = 0; i < 100; i++) await redis.run(COUNT, ["{one}:a"], [1]).catch(() => refused++);
    expect(refused).toBe(100);
    expect(time()).toBeLessThan(5_000);
    server.thaw();
    await until(() => redis.isThere());
    expect(redis.state().opened).toBeGreaterThan(opened);
  });
});

it("a server that is not there does not keep the engine from starting, and is found when it comes", async () => {
  const server = await startRedis();
  await server.kill();
  const redis = await open(server.address, "{late}");
  expect(redis.isThere()).toBe(false);
  const heard = hear(redis, "{late}:words");
  await expect(redis.publish("{late}:words", "nobody")).rejects.toThrow();
  await server.start();
  await until(() => redis.isThere() && heard.length === 1);
  await redis.publish("{late}:words", "somebody");
  await until(() => heard.length === 2);
  expect(heard).toEqual(["up", "somebody"]);
  await redis.close();
  await expect(redis.ping()).rejects.toThrow();
  await server.stop();
});

describe("a cluster of three", () => {
  let cluster: RedisCluster;
  let redis: Redis;

  beforeAll(async () => {
    cluster = await startCluster();
    redis = await open(cluster.address, "{many}");
  });
  afterAll(async () => {
    await redis.close();
    await cluster.stop();
  });

  it("runs scripts on whichever node has the key, and words go through all of them", async () => {
    const keys = Array.from({ length: 30 }, (_, i) => `key${i}`);
    for (const key of keys) expect(await redis.run(COUNT, [key], [2])).toBe(2);
    const held = await Promise.all(cluster.nodes.map((node) => node.client().dbsize()));
    expect(held.every((count) => count > 0)).toBe(true);
    expect(held.reduce((a, b) => a + b)).toBe(30);
    const heard = hear(redis, "{many}:words");
    await until(() => heard.length === 1);
    for (let i = 0; i < 5; i++) await redis.publish("{many}:words", String(i));
    await until(() => heard.length === 6);
    // They go out by whichever node is next, and may overtake each other.
    expect(heard.toSorted()).toEqual(["0", "1", "2", "3", "4", "up"]);
  });

  it("a node is killed: what it had is refused within bounds; started again, it is found", async () => {
    const keys = Array.from({ length: 30 }, (_, i) => `key${i}`);
    const node = cluster.nodes[1]!;
    await node.kill();
    const outcomes = await Promise.allSettled(keys.map((key) => redis.run(COUNT, [key], [1])));
    expect(outcomes.some(({ status }) => status === "rejected")).toBe(true);
    await node.start();
    // It wrote its place in the cluster down, and nothing else.
    await until(async () => {
      const again = await Promise.allSettled(keys.map((key) => redis.run(COUNT, [key], [1])));
      return redis.isThere() && again.every(({ status }) => status === "fulfilled");
    });
  });
});
