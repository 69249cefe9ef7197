/** Settings of Stripe as a processor: which of its prices and meters are which of the catalog's. */
import type { Config } from "../config.ts";
import { ConfigError, type Env, oneOf } from "./env.ts";

const KEY = /^[a-z][a-z0-9_-]{0,63}$/;

/** `starter=price_123,pro=price_456`, or JSON: a price a plan, or one a price key. */
export function stripePrices(env: Env): Config["stripePrices"] {
  const text = (env.STRIPE_PRODUCT_PRICE_MAP ?? "").trim();
  if (text === "") return {};
  const map = text.startsWith("{") ? fromJson(text) : fromPairs(text);
  for (const [plan, prices] of Object.entries(map)) {
    const references = typeof prices === "string" ? [prices] : Object.values(prices);
    if (!KEY.test(plan) || references.some((one) => typeof one !== "string" || !/^[\w-]{1,255}$/.test(one)))
      throw new ConfigError(
        `STRIPE_PRODUCT_PRICE_MAP says nothing that makes sense of ${JSON.stringify(plan)}: it maps plans to ids of prices.`,
      );
  }
  return map;
}

function fromPairs(
  text: string,
  words = "STRIPE_PRODUCT_PRICE_MAP must be JSON, or pairs such as starter=price_123,pro=price_456.",
): Record<string, string> {
  const pairs = text.split(",").flatMap((part) => (part.trim() === "" ? [] : [part.trim().split("=")]));
  if (pairs.some((pair) => pair.length !== 2)) throw new ConfigError(words);
  return Object.fromEntries(pairs.map(([plan, price]) => [plan!.trim(), price!.trim()]));
}

function fromJson(text: string): Record<string, string | Record<string, string>> {
  try {
    return JSON.parse(text) as Record<string, string | Record<string, string>>;
  } catch {
    throw new ConfigError("STRIPE_PRODUCT_PRICE_MAP begins as JSON, but is none.");
  }
}

/** `STRIPE_METER_AI_CREDITS=ai_credits`: by the meter's key, the event name of the meter at Stripe. */
export function stripeMeters(env: Env): Readonly<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    const meter = /^STRIPE_METER_([A-Z][A-Z0-9_]{0,63})$/.exec(name)?.[1];
    if (meter === undefined || value === undefined || value === "") continue;
    if (!/^[\w.-]{1,100}$/.test(value))
      throw new ConfigError(`${name} is ${JSON.stringify(value)}, but must be the event name of a meter at Stripe.`);
    found[meter.toLowerCase()] = value;
  }
  return found;
}

/** Whether invoices that the engine makes are shown at Stripe too. */
export function providerSync(env: Env): Config["providerSync"] {
  return oneOf(env, "STRIPE_PROVIDER_SYNC", ["off", "invoices"], "off");
}

export function taxEngine(env: Env): Config["taxEngine"] {
  const engine = oneOf(env, "TAX_ENGINE", ["own", "stripe"], "own");
  if (engine === "stripe" && !env.STRIPE_SECRET_KEY) throw new ConfigError("TAX_ENGINE=stripe needs STRIPE_SECRET_KEY beside it.");
  return engine;
}

/** `pro=txcd_10103001,pro.calls=txcd_10101000,*=txcd_10103000`. */
export function stripeTaxCodes(env: Env): Config["stripeTaxCodes"] {
  const codes = fromPairs((env.STRIPE_TAX_CODES ?? "").trim(), "STRIPE_TAX_CODES must be pairs such as pro=txcd_10103001,*=txcd_10103000.");
  for (const [name, code] of Object.entries(codes))
    if (!/^(\*|[a-z][a-z0-9_-]{0,63}(\.[a-z0-9][a-z0-9_-]{0,63})?)$/.test(name) || !/^txcd_\d{8}$/.test(code))
      throw new ConfigError(
        `STRIPE_TAX_CODES says nothing that makes sense of ${JSON.stringify(name)}: it maps plans to codes such as txcd_10103001.`,
      );
  return codes;
}
