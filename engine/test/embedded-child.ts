/** An engine's part of embedded.test.ts: starts the database of argv[2] in a process that a test can kill. */
import { startEmbedded } from "../src/db/embedded.ts";

try {
  const database = await startEmbedded({ dataDir: process.argv[2] ?? "" });
  console.log(JSON.stringify({ url: database.url }));
  process.stdin.resume().once("end", () => void database.stop().then(() => process.exit(0)));
} catch (error) {
  console.log(JSON.stringify({ refusal: (error as Error).message }));
}
