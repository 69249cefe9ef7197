/** Which processes try failed webhooks again. */
import { expect, test } from "vitest";
import { ConfigError } from "../config/env.ts";
import { readConfig } from "../config.ts";
import { worksOn } from "./works-on.ts";

const configOf = (env: Record<string, string>, role: "all" | "worker" = "all") => readConfig(env, { role });

test.each([
  [{}, "all", true],
  [{}, "worker", true],
  [{ BILLING_RETRY_DEPLOYMENT_MODE: "dedicated" }, "all", false],
  [{ BILLING_RETRY_DEPLOYMENT_MODE: "dedicated" }, "worker", true],
  [{ ENABLE_BILLING_RETRY_WORKER: "false" }, "all", false],
  [{ ENABLE_BILLING_RETRY_WORKER: "false", BILLING_RETRY_DEPLOYMENT_MODE: "dedicated" }, "worker", false],
] as const)("%o, role %s: %s", (env, role, retries) => {
  const config = configOf(env, role);
  expect([worksOn(config, "retry-inbound"), worksOn(config, "dispatch-inbound"), worksOn(config, "renew-due")]).toEqual([
    retries,
    true,
    true,
  ]);
});

test("Razorpay's keys go together, and a live one does not go with the sandbox", () => {
  const live = { RAZORPAY_KEY_ID: "rzp_live_x", RAZORPAY_KEY_SECRET: "y" };
  expect(() => readConfig({ RAZORPAY_KEY_ID: "rzp_test_x" })).toThrow(ConfigError);
  expect(() => readConfig(live)).toThrow("BILLWRIGHT_MODE is sandbox");
  expect(readConfig({ ...live, BILLWRIGHT_MODE: "live" }).razorpay).toEqual({
    keyId: "rzp_live_x",
    keySecret: "y",
    apiUrl: "https://api.razorpay.com/v1",
    timeoutMs: 15_000,
  });
  expect(readConfig({}).razorpay).toBeNull();
  expect(readConfig({ RAZORPAY_WEBHOOK_SECRET: "new, old" }).razorpayWebhookSecrets).toEqual(["new", "old"]);
});
