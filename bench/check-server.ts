/** The engine as its own process, and beside its routes a constant answer on the same path, with the same key and the same checks of the request. */
import { Type } from "typebox";
import { createBillwright, registerRoutes } from "../engine/src/engine.ts";
import { Printed, route } from "../engine/src/http/route.ts";
import { buildServer } from "../engine/src/http/server.ts";

const [database, apiKey] = process.argv.slice(2) as [string, string];
const { ctx, close } = await createBillwright({
  database,
  worker: false,
  config: { logLevel: "error", rateLimit: 10_000_000, apiKey, databasePoolSize: 20 },
});
const app = await buildServer(ctx, (server) => {
  registerRoutes(server, ctx);
  route(server, ctx, {
    method: "GET",
    url: "/bench/:tenant_id/constant/:feature",
    permission: "billing.read",
    summary: "A constant answer",
    params: Type.Object({ tenant_id: Type.String(), feature: Type.String() }),
    handle: async () => new Printed(CONSTANT),
  });
});
const CONSTANT =
  '{"feature":"api","type":"metered","value":null,"has_access":true,"reason":"granted","limit":1000000,"used":1234,"remaining":998766,"window":"month","resets_at":"2026-04-01T00:00:00Z","enforcement":"hard","limits":[{"limit":1000000,"used":1234,"remaining":998766,"window":"month","resets_at":"2026-04-01T00:00:00Z","enforcement":"hard"}]}';
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
