// Builds the dashboard when it is missing or older than what it is made of. Without it the engine serves its API all the same, and says
// on its page what to do: so a build that fails is told and stops nothing.

import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { alone } from "./alone.mjs";
import { ROOT } from "./install.mjs";
import { capture } from "./npm.mjs";

/** What goes into it. */
const SOURCES = ["dashboard", "sdk/src", "package-lock.json"];
const LEFT_OUT = new Set(["node_modules", "dist", "test", "README.md"]);

export async function buildDashboard(root = ROOT) {
  if (!existsSync(join(root, "dashboard", "index.html"))) return;
  const stamp = join(root, "dashboard", "dist", ".made-of");
  const print = fingerprint(root);
  const isThere = () => existsSync(stamp) && readFileSync(stamp, "utf8") === print;
  if (isThere()) return;
  await alone(`${root} dashboard`, async () => {
    if (isThere()) return; // another setup built it while we waited
    const started = Date.now();
    console.log("Building the dashboard …");
    const { ok, output } = await build(root);
    if (ok) {
      writeFileSync(stamp, print);
      console.log(`Built in ${((Date.now() - started) / 1_000).toFixed(1)} s.`);
    } else {
      const lines = output.trim().split("\n").slice(-12);
      console.error(
        `The dashboard could not be built; the engine starts without it. To try again: npm run build -w dashboard\n${lines.map((line) => `  ${line}`).join("\n")}`,
      );
    }
  });
}

function build(root) {
  const own = join(root, "node_modules", ".bin", "node");
  return capture(
    existsSync(own) ? own : process.execPath,
    [join(root, "node_modules", "vite", "bin", "vite.js"), "build", "--logLevel", "warn"],
    {
      cwd: join(root, "dashboard"),
      env: { ...process.env, NODE_ENV: "production" },
    },
  );
}

function fingerprint(root) {
  const hash = createHash("sha256");
  for (const source of SOURCES) for (const path of filesIn(root, source)) hash.update(`${path}\0`).update(readFileSync(join(root, path)));
  return hash.digest("hex");
}

/** Paths in one order on every machine; a file is its own list. */
function filesIn(root, path) {
  const name = path.split("/").at(-1);
  if (LEFT_OUT.has(name) || name.endsWith(".test.ts") || name.startsWith(".")) return [];
  if (/\.[a-z]+$/.test(name)) return [path];
  return readdirSync(join(root, path))
    .sort()
    .flatMap((entry) => filesIn(root, `${path}/${entry}`));
}
