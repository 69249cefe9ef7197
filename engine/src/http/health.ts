/** Whether the process lives, is ready, and how each part does. Without Redis it is slower and no less ready. */
import type { FastifyInstance } from "fastify";
import { stopwatch } from "../clock.ts";
import type { Context } from "../context.ts";
import { onPool } from "../db/pool.ts";
import type { Redis } from "../redis/redis.ts";

interface Part {
  status: "ok" | "down" | "off";
  latency_ms?: number;
  error?: string;
  [more: string]: unknown;
}

export function healthRoutes(app: FastifyInstance, ctx: Context): void {
  const open = { config: { permission: "public" as const }, schema: { hide: true } };

  app.get("/livez", open, async (_request, reply) => reply.type("application/json; charset=utf-8").send(JSON.stringify({ status: "ok" })));

  app.get("/readyz", open, async (_request, reply) => {
    const postgres = await postgresState(ctx);
    return reply
      .status(postgres.status === "ok" ? 200 : 503)
      .type("application/json; charset=utf-8")
      .send(JSON.stringify({ status: postgres.status }));
  });

  app.get("/health", open, async (_request, reply) => {
    const { shared, events } = ctx.redis;
    const [postgres, redis, queue, redisEvents] = await Promise.all([
      postgresState(ctx),
      redisState(shared),
      queueState(ctx),
      events === null || events === shared ? null : redisState(events),
    ]);
    const parts = { postgres, redis, queue, ...(redisEvents === null ? {} : { redis_events: redisEvents }) };
    const lacks = Object.values(parts).some((part) => part.status === "down");
    return reply
      .status(postgres.status === "ok" ? 200 : 503)
      .type("application/json; charset=utf-8")
      .send(JSON.stringify({ status: postgres.status !== "ok" ? "down" : lacks ? "degraded" : "ok", parts }));
  });
}

/** What the work finds out, and how long that took. */
async function ask(work: () => Promise<object>, also: () => object = () => ({})): Promise<Part> {
  const time = stopwatch();
  const latency = () => Number(time().toFixed(1));
  try {
    const found = await work();
    return { status: "ok", latency_ms: latency(), ...found, ...also() };
  } catch (error) {
    return { status: "down", latency_ms: latency(), error: (error as Error).message, ...also() };
  }
}

function postgresState(ctx: Context): Promise<Part> {
  return ask(async () => {
    await onPool(ctx.pool).query("select 1 as up");
    return {};
  });
}

/** `waiting`: jobs that are due and that nobody works on yet, up to 1,001; and how long the oldest of them has been due. */
function queueState(ctx: Context): Promise<Part> {
  return ask(async () => {
    const [state] = await onPool(ctx.pool).query<{ waiting: number; oldest_seconds: number }>(
      "/* no tenant: the queue's own tables */ select waiting, oldest_seconds from queue_state()",
    );
    return state!;
  });
}

async function redisState(redis: Redis | null): Promise<Part> {
  if (redis === null) return { status: "off" };
  return ask(
    async () => {
      await redis.ping();
      return {};
    },
    () => ({ circuit: redis.state().circuit }),
  );
}
