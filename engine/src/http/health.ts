/** Whether the process lives, is ready, and how each part does. Without Redis it is slower and no less ready. */
import Fastify, { type FastifyInstance } from "fastify";
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

  const missing = rarely(ctx, () => ctx.life.missingMigrations());
  app.get("/readyz", open, async (_request, reply) => {
    const reason = await notReady(ctx, missing);
    return reply
      .status(reason === null ? 200 : 503)
      .type("application/json; charset=utf-8")
      .send(JSON.stringify(reason === null ? { status: "ok" } : { status: "down", reason }));
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

/** Of a process that serves nothing else. */
export function healthServer(ctx: Context): FastifyInstance {
  const app = Fastify({ logger: false });
  healthRoutes(app, ctx);
  return app;
}

/** Why nobody should send it anything now; null: it is ready. */
async function notReady({ life, pool, config }: Context, missing: () => Promise<string[]>): Promise<string | null> {
  if (life.stopping) return "it is about to stop";
  if (life.worker === "lost") return "its job worker has ended";
  if (config.role === "worker" && life.worker !== "running") return "its job worker has not started";
  try {
    await onPool(pool).query("select 1 as up");
    const names = await missing();
    return names.length === 0 ? null : `the database has not had the migrations ${names.join(", ")}`;
  } catch (error) {
    return `the database does not answer: ${(error as Error).message}`;
  }
}

const ASK_AGAIN_MS = 15_000;

/** The last answer, for a while: what changes by hand only. */
function rarely<T>({ clock }: Context, ask: () => Promise<T>): () => Promise<T> {
  let last: { at: number; answer: T } | null = null;
  return async () => {
    const at = clock.now();
    if (last === null || at - last.at > ASK_AGAIN_MS) last = { at, answer: await ask() };
    return last.answer;
  };
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
