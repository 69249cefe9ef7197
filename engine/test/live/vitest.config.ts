/** What needs a vendor's test mode and its keys: `npm run test:live`. No part of `npm test`. */
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: { include: ["engine/test/live/gateways.ts"], testTimeout: 120_000, hookTimeout: 120_000 },
});
