/** A process that records usage until it is killed: prints the key of each event that the client has confirmed. */
import { writeSync } from "node:fs";
import { Billwright } from "../src/node.ts";

const [url, apiKey, directory, name, fsync] = process.argv.slice(2) as [string, string, string, string, "always" | "interval"];
const client = new Billwright({ url, apiKey, retries: 0, usage: { spool: { directory, fsync }, batchSize: 200, interval: 10 } });

for (let i = 0; ; i += 8) {
  const keys = await Promise.all(
    Array.from({ length: 8 }, (_none, j) =>
      client.usage.record({ tenant_id: "acme", event: "llm", idempotency_key: `${name}-${i + j}`, properties: { n: 1 } }),
    ),
  );
  // Past the stream's own buffers: what was printed is printed, whenever the process dies.
  writeSync(1, `${keys.join("\n")}\n`);
}
