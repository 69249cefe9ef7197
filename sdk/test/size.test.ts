/** The client does not grow unseen, and a browser is given nothing of Node. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ENTRIES, weigh } from "./bundle.ts";

/** Bytes with gzip: raise a bound knowingly, and the README's table with it (`npm run size -w sdk`). */
const BOUNDS: Record<string, number> = {
  "client (browser)": 13_300,
  "client (Node, with the spool on disk)": 16_000,
  "only BillwrightError": 700,
  "/webhooks": 6_750,
  "/express": 2_700,
  "/fastify": 2_700,
  "/hono": 2_700,
  "/next": 2_850,
  "/openfeature": 1_600,
  "/ai": 1_700,
};

test.each(ENTRIES)("$name stays below its bound", async (entry) => {
  const { gzip, text } = await weigh(entry);
  expect(gzip).toBeLessThanOrEqual(BOUNDS[entry.name]!);
  if (entry.platform === "browser") expect(text).not.toMatch(/["']node:/);
});

test("the README's table is of this state, to the tenth", async () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  for (const { name, gzip } of await Promise.all(ENTRIES.map(weigh))) {
    const found = new RegExp(`^\\| ${name.replace(/[()/]/g, "\\$&")} \\|.*\\| ([\\d.]+) KiB \\|$`, "m").exec(readme);
    expect(found, name).not.toBeNull();
    expect(Math.abs(Number(found![1]) - gzip / 1_024), name).toBeLessThan(0.1 * (gzip / 1_024) + 0.05);
  }
});
