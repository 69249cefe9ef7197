/** A PostgreSQL for benchmarks: BENCH_DATABASE_URL, or the built-in one in a temporary folder, durable as in production. */
import { chmodSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { removeEmbedded, startEmbedded } from "../engine/src/db/embedded.ts";

export async function benchDatabase(): Promise<{ url: string; stop(): Promise<void> }> {
  const given = process.env.BENCH_DATABASE_URL;
  if (given) return { url: given, stop: async () => undefined };
  const folder = mkdtempSync(join(tmpdir(), "billwright-bench-"));
  // Reachable for the user that PostgreSQL runs as when this is root.
  chmodSync(folder, 0o711);
  const server = await startEmbedded({ dataDir: folder });
  return {
    url: server.url,
    stop: async () => {
      await server.stop();
      await removeEmbedded(folder);
    },
  };
}
