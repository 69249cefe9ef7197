import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    pool: "forks",
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
