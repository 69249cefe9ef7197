/** The package as it is published: built, and imported by its own name and sub-paths. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";

const SDK = fileURLToPath(new URL("../", import.meta.url));
const TSC = fileURLToPath(new URL("../../node_modules/typescript/bin/tsc", import.meta.url));
const manifest = JSON.parse(readFileSync(join(SDK, "package.json"), "utf8")) as { exports: Record<string, unknown> };
const file = join(SDK, "dist", `imports-${process.pid}.mjs`);

beforeAll(() => {
  execFileSync(process.execPath, [TSC, "-p", join(SDK, "tsconfig.build.json")], { stdio: "pipe" });
}, 240_000);
afterAll(() => rm(file, { force: true }));

test("every export is there with its types, and loads without any framework", { timeout: 60_000 }, async () => {
  const names = Object.keys(manifest.exports).filter((name) => name !== "./package.json");
  const specifiers = names.map((name) => `@billwright/client${name.slice(1)}`);
  const targets = JSON.stringify(manifest.exports).match(/\.\/dist\/[\w.]+/g)!;
  for (const target of targets) expect(readFileSync(join(SDK, target), "utf8").length).toBeGreaterThan(0);
  await writeFile(
    file,
    `const found = {};\nfor (const one of ${JSON.stringify(specifiers)}) found[one] = Object.keys(await import(one)).sort();\nconsole.log(JSON.stringify(found));\n`,
  );
  const found = JSON.parse(execFileSync(process.execPath, [file], { encoding: "utf8" })) as Record<string, string[]>;
  expect(found["@billwright/client"]).toEqual(expect.arrayContaining(["Billwright", "BillwrightError", "diskSpool", "isOutage"]));
  for (const name of ["express", "fastify", "hono", "next"]) expect(found[`@billwright/client/${name}`]).toEqual(["grantedOf", "guards"]);
  expect(found["@billwright/client/ai"]).toEqual(["withCredits"]);
  expect(found["@billwright/client/openfeature"]).toEqual(["BillwrightProvider"]);
  expect(found["@billwright/client/webhooks"]).toEqual(["forgeWebhook", "verifyWebhook"]);
});
