/** The engine as its own process, and beside its routes the way that it is compared with: a transaction a request. */
import { createBillwright, registerRoutes } from "../engine/src/engine.ts";
import { Printed, route } from "../engine/src/http/route.ts";
import { buildServer } from "../engine/src/http/server.ts";
import { newId } from "../engine/src/ids.ts";
import { naiveConsumer } from "./credits-setup.ts";

const [database, apiKey] = process.argv.slice(2) as [string, string];
const { ctx, close } = await createBillwright({
  database,
  worker: false,
  config: { logLevel: "error", rateLimit: 10_000_000, apiKey, databasePoolSize: 10 },
});
const naive = naiveConsumer(ctx.pool);
const app = await buildServer(ctx, (server) => {
  registerRoutes(server, ctx);
  route(server, ctx, {
    method: "POST",
    url: "/bench/naive",
    permission: "usage.write",
    summary: "A transaction a request",
    handle: async ({ body }) => {
      const asked = body as unknown as { wallet: number; idempotency_key: string };
      await naive.consume(asked.wallet, asked.idempotency_key);
      return new Printed(`{"id":"${newId("transaction")}","type":"consumed","amount":-1}`);
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
