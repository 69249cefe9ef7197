/** Settings of Stripe. */
import type { Config } from "../config.ts";
import { frontendUrl } from "./access.ts";
import { ConfigError, type Env, integer, oneOf, pattern } from "./env.ts";

export function stripe(env: Env): Config["stripe"] {
  const secretKey = pattern(env, "STRIPE_SECRET_KEY", /^[sr]k_(test|live)_\w+$/, "", "a secret or restricted key: sk_test_…, rk_live_…");
  const publishableKey = pattern(env, "STRIPE_PUBLISHABLE_KEY", /^pk_(test|live)_\w+$/, "", "a publishable key: pk_test_… or pk_live_…");
  const apiUrl = pattern(env, "STRIPE_API_URL", /^https?:\/\/[^\s/]+\/?$/, "https://api.stripe.com", "an address without a path");
  const timeoutMs = integer(env, "STRIPE_TIMEOUT_SECONDS", 20, 1, 120) * 1_000;
  const portalReturnUrl = pattern(env, "STRIPE_PORTAL_RETURN_URL", /^https?:\/\/[^\s/]+/, "", "an address that begins with https://");
  const mode = oneOf(env, "BILLWRIGHT_MODE", ["sandbox", "live"], "sandbox");
  for (const [name, key] of Object.entries({ STRIPE_SECRET_KEY: secretKey, STRIPE_PUBLISHABLE_KEY: publishableKey })) {
    if (key.slice(3).startsWith("live_") && mode === "sandbox")
      throw new ConfigError(`${name} is a live key, but BILLWRIGHT_MODE is sandbox, where nobody may be charged.`);
  }
  if (secretKey === "") {
    if (publishableKey !== "") throw new ConfigError("STRIPE_PUBLISHABLE_KEY needs STRIPE_SECRET_KEY beside it.");
    return null;
  }
  if (publishableKey !== "" && publishableKey.slice(3, 7) !== secretKey.slice(3, 7))
    throw new ConfigError("STRIPE_SECRET_KEY and STRIPE_PUBLISHABLE_KEY must both be test keys, or both live keys.");
  return {
    secretKey,
    publishableKey: publishableKey || null,
    apiUrl: apiUrl.replace(/\/+$/, ""),
    timeoutMs,
    portalReturnUrl: portalReturnUrl || frontendUrl(env),
  };
}
