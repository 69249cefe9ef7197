import { expect, test } from "vitest";
import { readConfig } from "../config.ts";

const read = (env: Record<string, string>) => readConfig(env);

test("none of it set: Stripe is no gateway", () => {
  expect([read({}).stripe, read({}).stripeWebhookSecrets]).toEqual([null, []]);
});

test("a key, its defaults, and secrets while one takes another's place", () => {
  const config = read({ STRIPE_SECRET_KEY: "sk_test_1", STRIPE_WEBHOOK_SECRET: "whsec_new, whsec_old" });
  expect(config.stripe).toEqual({
    secretKey: "sk_test_1",
    publishableKey: null,
    apiUrl: "https://api.stripe.com",
    timeoutMs: 20_000,
    portalReturnUrl: null,
  });
  expect(config.stripeWebhookSecrets).toEqual(["whsec_new", "whsec_old"]);
});

test.each([
  ["a live key in the sandbox", { STRIPE_SECRET_KEY: "sk_live_1" }, /STRIPE_SECRET_KEY is a live key, but BILLWRIGHT_MODE is sandbox/],
  ["a restricted one too", { STRIPE_SECRET_KEY: "rk_live_1" }, /STRIPE_SECRET_KEY is a live key/],
  [
    "a live publishable key",
    { STRIPE_SECRET_KEY: "sk_test_1", STRIPE_PUBLISHABLE_KEY: "pk_live_1" },
    /STRIPE_PUBLISHABLE_KEY is a live key/,
  ],
  ["keys of two worlds", { BILLWRIGHT_MODE: "live", STRIPE_SECRET_KEY: "sk_live_1", STRIPE_PUBLISHABLE_KEY: "pk_test_1" }, /must both be/],
  ["a publishable key alone", { STRIPE_PUBLISHABLE_KEY: "pk_test_1" }, /needs STRIPE_SECRET_KEY/],
  ["a publishable key in the secret's place", { STRIPE_SECRET_KEY: "pk_test_1" }, /STRIPE_SECRET_KEY is "pk_test_1", but must be/],
  ["an address with a path", { STRIPE_SECRET_KEY: "sk_test_1", STRIPE_API_URL: "https://x.test/v1" }, /STRIPE_API_URL/],
])("%s", (_name, env, words) => {
  expect(() => read(env)).toThrow(words);
});

test("pages lead back to the application where nobody says otherwise, and it may call the API", () => {
  const app = { FRONTEND_URL: "https://app.example.com/billing" };
  const stripe = { ...app, STRIPE_SECRET_KEY: "sk_test_x" };
  expect(readConfig(app)).toMatchObject({ frontendUrl: app.FRONTEND_URL, corsOrigins: ["https://app.example.com"] });
  expect(readConfig(stripe).stripe?.portalReturnUrl).toBe(app.FRONTEND_URL);
  const other = "https://app.example.com/account";
  expect(readConfig({ ...stripe, STRIPE_PORTAL_RETURN_URL: other }).stripe?.portalReturnUrl).toBe(other);
  expect(() => readConfig({ FRONTEND_URL: "app.example.com" })).toThrow("FRONTEND_URL");
});

test("Stripe Tax needs Stripe, and codes that make sense", () => {
  const key = { STRIPE_SECRET_KEY: "sk_test_1" };
  expect(read(key)).toMatchObject({ taxEngine: "own", stripeTaxCodes: {}, stripeTaxBehavior: "exclusive" });
  const set = { ...key, TAX_ENGINE: "stripe", STRIPE_TAX_CODES: "pro=txcd_10103001, pro.ai-calls=txcd_10101000,*=txcd_10103000" };
  expect(read(set)).toMatchObject({
    taxEngine: "stripe",
    stripeTaxCodes: { pro: "txcd_10103001", "pro.ai-calls": "txcd_10101000", "*": "txcd_10103000" },
  });
  expect(() => read({ TAX_ENGINE: "stripe" })).toThrow(/TAX_ENGINE=stripe needs STRIPE_SECRET_KEY/);
  expect(() => read({ ...key, STRIPE_TAX_CODES: "pro" })).toThrow(/STRIPE_TAX_CODES must be pairs/);
  for (const wrong of ["pro=vat", "Pro=txcd_10103001", "pro.calls.x=txcd_10103001"])
    expect(() => read({ ...key, STRIPE_TAX_CODES: wrong })).toThrow(/STRIPE_TAX_CODES says nothing that makes sense/);
  expect(() => read({ ...key, STRIPE_TAX_BEHAVIOR: "gross" })).toThrow(/STRIPE_TAX_BEHAVIOR/);
});
