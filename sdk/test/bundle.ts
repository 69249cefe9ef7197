/** What each entry of the client weighs in a user's bundle. */
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

export interface Entry {
  name: string;
  /** File in src. */
  file: string;
  platform: "browser" | "node";
  /** What a user would import of it; all if not said. */
  imports?: string;
}

export const ENTRIES: readonly Entry[] = [
  { name: "client (browser)", file: "client.ts", platform: "browser" },
  { name: "client (Node, with the spool on disk)", file: "node.ts", platform: "node" },
  { name: "only BillwrightError", file: "client.ts", platform: "browser", imports: "BillwrightError" },
  { name: "/webhooks", file: "webhooks.ts", platform: "browser" },
  { name: "/express", file: "express.ts", platform: "node" },
  { name: "/fastify", file: "fastify.ts", platform: "node" },
  { name: "/hono", file: "hono.ts", platform: "browser" },
  { name: "/next", file: "next.ts", platform: "browser" },
  { name: "/openfeature", file: "openfeature.ts", platform: "node" },
  { name: "/ai", file: "ai.ts", platform: "browser" },
];

export interface Weight {
  name: string;
  minified: number;
  gzip: number;
  text: string;
}

/** Dependencies are in it; peers are not, since the user has them anyway. */
export async function weigh({ name, file, platform, imports }: Entry): Promise<Weight> {
  const path = fileURLToPath(new URL(`../src/${file}`, import.meta.url));
  const from = JSON.stringify(path);
  const contents = imports ? `import { ${imports} } from ${from};\nconsole.log(${imports});` : `export * from ${from};`;
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: fileURLToPath(new URL("../src/", import.meta.url)), loader: "ts" },
    bundle: true,
    minify: true,
    format: "esm",
    platform,
    target: "es2022",
    write: false,
    logLevel: "silent",
  });
  const text = outputFiles[0]!.text;
  return { name, minified: Buffer.byteLength(text), gzip: gzipSync(text, { level: 9 }).length, text };
}
