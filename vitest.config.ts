import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineConfig } from "vitest/config";

// The many engines that tests start and kill as processes of their own read the same files: half of their time, where it is kept.
process.env.NODE_COMPILE_CACHE ??= join(tmpdir(), "billwright-compile-cache");

export default defineConfig({
  test: {
    pool: "forks",
    // Reading the engine takes two seconds of a core: each worker does it once, not once a file. No module may keep what one test leaves.
    isolate: false,
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    projects: [
      // Pure rules, beside what they test: `npx vitest --project unit` needs no database.
      { extends: true, test: { name: "unit", include: ["engine/src/**/*.test.ts", "sdk/src/**/*.test.ts", "dashboard/src/**/*.test.ts"] } },
      {
        extends: true,
        test: {
          name: "engine",
          include: ["engine/test/**/*.test.ts", "sdk/test/**/*.test.ts", "dashboard/test/**/*.test.ts"],
          globalSetup: ["engine/test/postgres.ts", "engine/test/redis.ts"],
        },
      },
    ],
  },
});
