/** An engine in a process of its own, for credits.test.ts beside it: serves the API on a port that it prints, until it is killed. */
import { createBillwright } from "../../src/engine.ts";
import { TEST_KEY } from "../world.ts";

const billing = await createBillwright({
  database: process.argv[2] ?? "",
  worker: false,
  config: { logLevel: "silent", apiKey: TEST_KEY, databasePoolSize: 4, port: 0, host: "127.0.0.1" },
});
await billing.listen();
const address = billing.app.server.address();
console.log(JSON.stringify({ port: typeof address === "object" && address ? address.port : 0 }));
