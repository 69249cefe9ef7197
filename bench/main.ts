/** `npm run bench -- ingest`: runs one of the benchmarks of this folder; without a name, lists them. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("./", import.meta.url));
const runs = readdirSync(folder)
  .filter((file) => file.endsWith(".ts") && file !== "main.ts" && /^report\(|\n *report\(/.test(readFileSync(folder + file, "utf8")))
  .map((file) => file.slice(0, -3));
const name = process.argv[2];
if (name !== undefined && runs.includes(name)) await import(`./${name}.ts`);
else {
  if (name !== undefined) console.error(`There is no benchmark "${name}".`);
  console.log(`npm run bench -- <name>, where the name is one of: ${runs.join(", ")}`);
  if (name !== undefined) process.exitCode = 1;
}
