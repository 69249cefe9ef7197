// A SaaS API whose plan allows so many reports a day, with Fastify.
//
//     BILLWRIGHT_URL=http://localhost:4400 BILLWRIGHT_API_KEY=… node examples/quota-api.ts
//     curl -i -H 'x-organization: acme' localhost:3000/reports
//
// In a project of your own the imports begin with "@billwright/client".
import Fastify from "fastify";
import { grantedOf, guards } from "../sdk/src/fastify.ts";
import { Billwright } from "../sdk/src/node.ts";

const { BILLWRIGHT_URL = "http://localhost:4400", BILLWRIGHT_API_KEY = "", PORT = "3000" } = process.env;
const client = new Billwright({
  url: BILLWRIGHT_URL,
  apiKey: BILLWRIGHT_API_KEY,
  entitlements: { whenUnreachable: { default: "last_known", features: { reports: "closed" } } },
});

await client.catalog.push({
  meters: [{ key: "reports", event: "report_made", aggregation: "count" }],
  features: [
    { key: "reports", type: "metered", meter: "reports" },
    { key: "export", type: "boolean" },
  ],
  plans: [
    {
      key: "free",
      name: "Free",
      currency: "usd",
      interval: "month",
      default: true,
      prices: [],
      entitlements: [{ feature: "reports", limit: 2, window: "day", enforcement: "hard" }],
    },
  ],
});
await client.tenants.put("acme", { name: "Acme", currency: "usd" });

const app = Fastify();
// Your own sign-in says whose request it is.
const { requireQuota, requireFeature } = guards(client, { tenant: (request) => request.headers["x-organization"]?.toString() });

app.get("/reports", { preHandler: requireQuota("reports", { window: "day", soft: false }) }, async (request) => ({
  report: "42",
  left: grantedOf(request)?.check.remaining,
}));
app.get("/export", { preHandler: requireFeature("export") }, async () => ({ csv: "a,b" }));
app.addHook("onClose", () => client.close());
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void app.close());

console.log(`Listening on ${await app.listen({ port: Number(PORT), host: "127.0.0.1" })}`);
