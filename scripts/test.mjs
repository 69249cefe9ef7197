// Lint, types and tests, each step even if one before it failed. The last line is the count, alone: lint and types are
// one test each. Arguments go to vitest.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));
const plain = process.env.CI === "true" || !process.stdout.isTTY;
const env = { ...process.env };
if (plain) {
  delete env.FORCE_COLOR;
  env.NO_COLOR = "1";
}

/** By this very Node, whatever is on the PATH. */
function run(script, args) {
  return spawnSync(process.execPath, [join(root, "node_modules", script), ...args], { cwd: root, env, stdio: "inherit" }).status === 0;
}

let passed = 0;
let failed = 0;
const count = (ok) => {
  if (ok) passed++;
  else failed++;
};

console.log("Lint");
count(run("@biomejs/biome/bin/biome", ["check", `--colors=${plain ? "off" : "force"}`, "."]));
console.log("Types");
const types = (project) => run("typescript/bin/tsc", ["-p", project, "--noEmit", "--pretty", String(!plain)]);
count([types("tsconfig.json"), types("dashboard/tsconfig.json")].every(Boolean));
console.log("Tests");
countTests(process.argv.slice(2));

console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

function countTests(args) {
  const folder = mkdtempSync(join(tmpdir(), "billwright-report-"));
  const file = join(folder, "report.json");
  const ok = run("vitest/vitest.mjs", ["run", "--reporter=default", "--reporter=json", `--outputFile.json=${file}`, ...args]);
  const report = read(file);
  rmSync(folder, { recursive: true });

  const tests = report.testResults.flatMap((suite) => suite.assertionResults);
  const withStatus = (status) => tests.filter((test) => test.status === status).length;
  // A file that fails before its first test has none to count.
  const broken = report.testResults.filter(
    (suite) => suite.status === "failed" && suite.assertionResults.every((test) => test.status !== "failed"),
  );
  const failures = withStatus("failed") + broken.length;
  passed += withStatus("passed");
  failed += failures;

  const skipped = tests.length - withStatus("passed") - withStatus("failed");
  if (skipped > 0) console.log(`${skipped} skipped or left to do`);
  if (tests.length === 0)
    console.log("No test ran. That is a failure: see above what kept them from running, or whether the arguments match any.");
  if (failures === 0 && (!ok || tests.length === 0)) failed++;
}

function read(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return { testResults: [] }; // vitest ended before it could report, which its exit code tells
  }
}
