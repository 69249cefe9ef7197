// The fuzzer of the tests for longer: `npm run fuzz -- 500 some-seed`. Without a seed it takes another one each time, and prints it.

import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));
const [rounds = "300", seed = randomUUID().slice(0, 8)] = process.argv.slice(2);
console.log(`${rounds} rounds over every route, seed ${seed}`);
const env = { ...process.env, FUZZ_ROUNDS: rounds, FUZZ_SEED: seed };
const { status } = spawnSync(process.execPath, [join(root, "node_modules/vitest/vitest.mjs"), "run", "engine/test/fuzz.test.ts"], {
  cwd: root,
  env,
  stdio: "inherit",
});
process.exitCode = status ?? 1;
