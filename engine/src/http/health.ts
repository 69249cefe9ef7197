/** Whether the process lives, is ready, and how each part does. */
import type { FastifyInstance } from "fastify";
import { stopwatch } from "../clock.ts";
import type { Context } from "../context.ts";
import { onPool } from "../db/pool.ts";

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
    const postgres = await postgresState(ctx);
    return reply
      .status(postgres.status === "ok" ? 200 : 503)
      .type("application/json; charset=utf-8")
      .send(JSON.stringify({ status: postgres.status, parts: { postgres } }));
  });
}

async function postgresState(ctx: Context): Promise<{ status: "ok" | "down"; latency_ms: number; error?: string }> {
  const time = stopwatch();
  const latency = () => Number(time().toFixed(1));
  try {
    await onPool(ctx.pool).query("select 1 as up");
    return { status: "ok", latency_ms: latency() };
  } catch (error) {
    return { status: "down", latency_ms: latency(), error: (error as Error).message };
  }
}
