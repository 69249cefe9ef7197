/** How the parts are: each is named, and what is only away makes nothing unready. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { sleep } from "../src/clock.ts";
import { type RedisServer, startRedis } from "./redis-server.ts";
import { createWorld, type World } from "./world.ts";

let server: RedisServer;
let world: World;

beforeAll(async () => {
  server = await startRedis();
  world = await createWorld({ config: { logLevel: "silent", redis: server.address } });
});
afterAll(async () => {
  await world.close();
  await server.stop();
});

const health = async () => {
  const { status, body } = await world.get("/health");
  return { status, body };
};
const ok = { status: "ok", latency_ms: expect.anything() };

it("names postgres, redis and queue with their state and latency", async () => {
  expect(await health()).toEqual({
    status: 200,
    body: { status: "ok", parts: { postgres: ok, redis: { ...ok, circuit: "closed" }, queue: { ...ok, waiting: 0, oldest_seconds: 0 } } },
  });
});

it("says of jobs that wait how many they are and for how long", async () => {
  await world.owner.query("select graphile_worker.add_job('housekeeping', '{}'::json, run_at => now() - interval '1 hour')");
  await world.owner.query("select graphile_worker.add_job('housekeeping', '{}'::json, run_at => now() + interval '1 hour')");
  const { queue } = (await health()).body.parts;
  expect(queue.waiting).toBe(1);
  expect(queue.oldest_seconds).toBeGreaterThanOrEqual(3_600);
});

it("without Redis the engine is degraded, and as ready as before; and it finds it again", async () => {
  await server.kill();
  const down = async () => (await health()).body.parts.redis.status === "down";
  while (!(await down())) await sleep(10);
  expect(await health()).toMatchObject({ status: 200, body: { status: "degraded", parts: { postgres: ok, queue: ok } } });
  expect((await world.get("/readyz")).status).toBe(200);
  await world.must("PUT", "/v1/tenants/acme", {});
  await server.start();
  while (await down()) await sleep(10);
  expect((await health()).body.status).toBe("ok");
});
