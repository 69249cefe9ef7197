/**
 * The environment, read in one place. A value that makes no sense stops the start with a sentence that names it.
 * `.env.example` lists every variable with its meaning; a test compares the two.
 */
import { resolve } from "node:path";

export type Role = "all" | "api" | "worker";
export type Mode = "sandbox" | "live";

export interface Config {
  host: string;
  port: number;
  /** null: start the embedded PostgreSQL in `dataDir`. */
  databaseUrl: string | null;
  databasePoolSize: number;
  dataDir: string;
  mode: Mode;
  /** A first key with scope `admin`, made at start if given. */
  apiKey: string | null;
  logLevel: "trace" | "debug" | "info" | "warn" | "error" | "fatal" | "silent";
  usage: { maxAgeDays: number; maxAheadMinutes: number };
  defaultTrialDays: number;
  gracePeriodDays: number;
  invoicePrefix: string;
  paymentTermDays: number;
}

export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

type Env = Record<string, string | undefined>;

export function readConfig(env: Env = process.env, overrides: Partial<Config> = {}): Config {
  const config: Config = {
    host: env.HOST || "127.0.0.1",
    port: integer(env, "PORT", 4400, 0, 65_535),
    databaseUrl: databaseUrl(env),
    databasePoolSize: integer(env, "DATABASE_POOL_SIZE", 10, 2, 500),
    dataDir: resolve(env.BILLWRIGHT_DATA_DIR || ".billwright"),
    mode: oneOf(env, "BILLWRIGHT_MODE", ["sandbox", "live"], "sandbox"),
    apiKey: apiKey(env),
    logLevel: oneOf(env, "LOG_LEVEL", ["trace", "debug", "info", "warn", "error", "fatal", "silent"], "info"),
    usage: {
      maxAgeDays: integer(env, "USAGE_MAX_AGE_DAYS", 35, 0, 3_660),
      maxAheadMinutes: integer(env, "USAGE_MAX_AHEAD_MINUTES", 5, 0, 1_440),
    },
    defaultTrialDays: integer(env, "DEFAULT_TRIAL_DAYS", 14, 0, 3_650),
    gracePeriodDays: integer(env, "BILLING_GRACE_PERIOD_DAYS", 3, 0, 365),
    invoicePrefix: pattern(env, "INVOICE_PREFIX", /^[A-Za-z0-9-]{1,20}$/, "INV", "1 to 20 letters, digits or dashes"),
    paymentTermDays: integer(env, "PAYMENT_TERM_DAYS", 14, 0, 365),
  };
  return { ...config, ...overrides };
}

export interface ClientConfig {
  /** Of a running engine, without a slash at the end. */
  url: string;
  apiKey: string | null;
}

/** What a command needs to ask a running engine: options of the command line come before the environment. */
export function readClientConfig(
  options: { url?: string | undefined; key?: string | undefined } = {},
  env: Env = process.env,
): ClientConfig {
  const url = options.url ?? (env.BILLWRIGHT_URL || `http://localhost:${integer(env, "PORT", 4400, 0, 65_535)}`);
  if (!/^https?:\/\/[^\s/]+/.test(url))
    throw new ConfigError(`BILLWRIGHT_URL is ${JSON.stringify(url)}, but must begin with http:// or https://.`);
  return { url: url.replace(/\/+$/, ""), apiKey: options.key ?? (env.BILLWRIGHT_API_KEY || null) };
}

function integer(env: Env, name: string, fallback: number, min: number, max: number): number {
  const text = env[name];
  if (text === undefined || text === "") return fallback;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < min || value > max) {
    throw new ConfigError(`${name} is ${JSON.stringify(text)}, but must be a whole number from ${min} to ${max}.`);
  }
  return value;
}

function oneOf<T extends string>(env: Env, name: string, values: readonly T[], fallback: T): T {
  const text = env[name];
  if (text === undefined || text === "") return fallback;
  const value = values.find((candidate) => candidate === text.toLowerCase());
  if (value === undefined) throw new ConfigError(`${name} is ${JSON.stringify(text)}, but must be one of: ${values.join(", ")}.`);
  return value;
}

function pattern(env: Env, name: string, form: RegExp, fallback: string, words: string): string {
  const text = env[name];
  if (text === undefined || text === "") return fallback;
  if (!form.test(text)) throw new ConfigError(`${name} is ${JSON.stringify(text)}, but must be ${words}.`);
  return text;
}

function databaseUrl(env: Env): string | null {
  const text = env.DATABASE_URL;
  if (text === undefined || text === "") return null;
  if (!/^postgres(ql)?:\/\//.test(text)) {
    throw new ConfigError("DATABASE_URL must begin with postgres:// or postgresql:// (leave it out to use the embedded PostgreSQL).");
  }
  return text;
}

function apiKey(env: Env): string | null {
  const text = env.BILLWRIGHT_API_KEY;
  if (text === undefined || text === "") return null;
  // Short ones are for trying things out; a key that guards real money must not be guessable.
  const least = env.BILLWRIGHT_MODE?.toLowerCase() === "live" ? 24 : 1;
  if (!/^[\x21-\x7e]{1,255}$/.test(text) || text.length < least) {
    throw new ConfigError(`BILLWRIGHT_API_KEY must have ${least} to 255 printable characters without spaces.`);
  }
  return text;
}
