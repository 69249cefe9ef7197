/** The engine as its own process, and beside its routes the two it is compared with: a constant answer, and one insert a request. */
import { createBillwright, registerRoutes } from "../engine/src/engine.ts";
import { Printed, route } from "../engine/src/http/route.ts";
import { buildServer } from "../engine/src/http/server.ts";
import { newId } from "../engine/src/ids.ts";

const [database, apiKey] = process.argv.slice(2) as [string, string];
const { ctx, close } = await createBillwright({
  database,
  worker: false,
  config: { logLevel: "error", rateLimit: 10_000_000, apiKey, databasePoolSize: 20 },
});
const app = await buildServer(ctx, (server) => {
  registerRoutes(server, ctx);
  route(server, ctx, {
    method: "POST",
    url: "/bench/constant",
    permission: "usage.write",
    summary: "A constant answer",
    handle: async ({ reply }) => {
      reply.status(202);
      return new Printed('{"id":"use_01m7xqjz9ye3gsrj5hgd0pq7q6","status":"accepted"}');
    },
  });
  route(server, ctx, {
    method: "POST",
    url: "/bench/naive",
    permission: "usage.write",
    summary: "One insert a request",
    handle: async ({ reply, body }) => {
      const event = body as unknown as { tenant_id: string; event: string; idempotency_key: string; at: string; properties: object };
      const id = newId("usageEvent");
      await ctx.pool.query({
        name: "naive",
        text: "insert into plain_events (id, tenant, event, key, at, amount, properties) values ($1, $2, $3, $4, $5, 1, $6) on conflict do nothing",
        values: [id, event.tenant_id, event.event, event.idempotency_key, event.at, JSON.stringify(event.properties)],
      });
      reply.status(202);
      return new Printed(`{"id":"${id}","status":"accepted"}`);
    },
  });
});
await app.listen({ port: 0, host: "127.0.0.1" });
const address = app.server.address();
console.log(JSON.stringify({ port: typeof address === "object" && address ? address.port : 0 }));
process.stdin.resume().once(
  "end",
  () =>
    void app
      .close()
      .then(close)
      .then(() => process.exit(0)),
);
