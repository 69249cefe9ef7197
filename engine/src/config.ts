/**
 * The environment, read in one place. A value that makes no sense stops the start with a sentence that names it.
 * `.env.example` lists every variable with its meaning; a test compares the two.
 */
import { resolve } from "node:path";
import type { TokenSettings } from "./auth/tokens.ts";
import { apiKey, databaseUrl, frontendUrl, origins, proxies } from "./config/access.ts";
import { ConfigError, days, type Env, integer, list, oneOf, pattern } from "./config/env.ts";
import { logRequests, metrics, tracing } from "./config/observe.ts";
import { razorpay, smtp, whatsapp } from "./config/outside.ts";
import { type SqsSettings, sqs } from "./config/queues.ts";
import { eventsRedis, redis } from "./config/redis.ts";
import { type SecretKey, secretKeys } from "./config/secrets.ts";
import { stripe } from "./config/stripe.ts";
import { providerSync, stripeMeters, stripePrices, stripeTaxCodes, taxEngine } from "./config/stripe-billing.ts";
import { webhooks } from "./config/webhooks.ts";

export type Role = "all" | "api" | "worker";
export type Mode = "sandbox" | "live";

export interface Config {
  host: string;
  port: number;
  /** Where this engine is reached from outside, without a slash at the end: links to hosted invoices begin so. */
  publicUrl: string;
  /** null: start the embedded PostgreSQL in `dataDir`. */
  databaseUrl: string | null;
  databasePoolSize: number;
  /** Past a pooler, for what is a session's: migrations, hearing others, the workers. null: `databaseUrl`. */
  databaseDirectUrl: string | null;
  /** Whether `databaseUrl` is a pooler's in transaction mode. */
  databasePooler: "none" | "transaction";
  /** How long a process that is asked to stop says that it is not ready, and goes on serving, before it stops. */
  drainMs: number;
  /** Where a process that only works tells how it is; 0: nowhere. */
  healthPort: number;
  dataDir: string;
  mode: Mode;
  /** A first key with scope `admin`, made at start if given. */
  apiKey: string | null;
  /** How tokens of people are checked; with neither a secret nor a JWKS address, all are refused. */
  tokens: TokenSettings;
  /** Where the application's own pages are: customers' pages lead back there unless it is said otherwise, and it may call the API. */
  frontendUrl: string | null;
  /** Origins of web pages that may call the API from a browser. */
  corsOrigins: readonly string[];
  /** Addresses or networks of proxies whose word on where a request comes from is taken. */
  trustedProxies: readonly string[];
  /** How long a client may take for the head of a request and for all of it, and how many may be connected to one process. */
  clients: { headMs: number; requestMs: number; connections: number };
  /** Requests a second that one credential may make of one process, or of all that share a Redis. */
  rateLimit: number;
  logLevel: "trace" | "debug" | "info" | "warn" | "error" | "fatal" | "silent";
  /** At which level a request that was answered is logged. */
  logRequests: "off" | "trace" | "debug" | "info";
  /** Who may read metrics: with this token; without one, a private network. And a port for them alone, in any role. */
  metrics: { token: string | null; port: number | null };
  /** null: nothing is traced. Where spans are sent, as whom, and how many of those that nobody else decided on. */
  tracing: { endpoint: string; service: string; sampleRatio: number } | null;
  usage: {
    maxAgeDays: number;
    maxAheadMinutes: number;
    /** From this part of a limit on it is announced to be near. */
    limitWarningPercent: number;
  };
  /** Below how many credits a balance is low (a decimal), and how long before their expiry credits are announced to expire. */
  credits: { lowBalance: string; expiryWarningDays: number };
  defaultTrialDays: number;
  gracePeriodDays: number;
  /** Sandbox: what becomes of a payment of a tenant without a card. */
  sandboxWithoutCard: "pays" | "fails";
  /** Days after the first failure of a payment on which it is tried again. */
  dunningRetryDays: readonly number[];
  invoicePrefix: string;
  creditNotePrefix: string;
  /** How invoices are numbered: a series a year, one series with the month in it, or one a tenant. */
  invoiceNumbering: "year" | "month" | "tenant";
  /** Of numbering by year: the month in which a fiscal year begins. */
  fiscalYearStartMonth: number;
  paymentTermDays: number;
  /** Who sells: printed on invoices, and where taxes are reckoned from. */
  seller: Seller;
  /** null: no mail is sent. */
  smtp: { url: string; from: string } | null;
  /** null: Razorpay is no gateway of this engine. */
  razorpay: { keyId: string; keySecret: string; apiUrl: string; timeoutMs: number } | null;
  /** Any of them may have signed a webhook; none: Razorpay's are not taken. */
  razorpayWebhookSecrets: readonly string[];
  /** Queues of Amazon SQS; without any, what is to be queued waits in the database. */
  sqs: SqsSettings;
  /** null: Stripe is no gateway of this engine. */
  stripe: {
    secretKey: string;
    /** What a page needs to speak to Stripe itself; public. */
    publishableKey: string | null;
    apiUrl: string;
    timeoutMs: number;
    /** Where Stripe's portal leads back to, where nobody says. */
    portalReturnUrl: string | null;
  } | null;
  /** By plan, or by plan and price key, Stripe's id of the price. */
  stripePrices: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  /** By the key of a meter, the event name of Stripe's. */
  stripeMeters: Readonly<Record<string, string>>;
  /** Whether Stripe reckons the taxes of the subscriptions that it runs. */
  stripeTax: boolean;
  /** Who says which taxes the engine's own invoices have: the catalog's rates, or Stripe Tax. */
  taxEngine: "own" | "stripe";
  /** Stripe's tax codes by plan, by plan and price key (`pro.calls`), and of all else (`*`). */
  stripeTaxCodes: Readonly<Record<string, string>>;
  /** Whether prices contain the taxes that Stripe reckons. */
  stripeTaxBehavior: "exclusive" | "inclusive";
  /** Whether invoices of the engine are shown at Stripe too, where a tenant says nothing else. */
  providerSync: "off" | "invoices";
  /** Any of them may have signed a webhook; none: Stripe's are not taken. */
  stripeWebhookSecrets: readonly string[];
  /** Whether this process tries failed webhooks again: where a process is `dedicated` to jobs, only those do. */
  retryWorker: { enabled: boolean; mode: "inline" | "dedicated" };
  /** What this process does; not a setting of the environment. */
  role: Role;
  /** null: nothing is sent by WhatsApp. */
  whatsapp: { apiUrl: string; phoneNumberId: string; token: string } | null;
  /** Live streams of events: whether there are any, how many may be open in a process and for a tenant, and how they are kept. */
  stream: {
    enabled: boolean;
    maxOpen: number;
    maxPerTenant: number;
    heartbeatMs: number;
    maxBufferedBytes: number;
    stallMs: number;
    pollMs: number;
  };
  /** What stored secrets are sealed with, the newest first; none: a sandbox makes its own, in live mode none can be stored. */
  secretKeys: readonly SecretKey[];
  /** Webhooks out: networks that are not public and may be reached all the same, and after how many days of failing one is disabled (0: never). */
  webhooks: { allowPrivate: readonly string[]; timeoutMs: number; disableAfterDays: number };
  /** What processes share beside the database; null: nothing. */
  redis: RedisAddress | null;
  /** What carries events to the processes with open streams; null: each reads them from the database. */
  eventsRedis: {
    address: RedisAddress;
    /** Whether a stream that is empty begins with what is stored already. */
    replay: boolean;
    /** About how many events it holds. */
    length: number;
  } | null;
}

export interface RedisAddress {
  /** Several in a cluster: any of its nodes. */
  urls: readonly string[];
  cluster: boolean;
}

export interface Seller {
  name: string | null;
  /** Lines of the address, without the country. */
  address: string | null;
  /** ISO 3166-1 alpha-2; null: own tax rates apply to the address of the tenant alone. */
  country: string | null;
  /** State or province. */
  region: string | null;
  taxId: string | null;
  /** Lines that say where money is to be sent: account, bank, codes. */
  bankDetails?: string | null;
}

export function readConfig(env: Env = process.env, overrides: Partial<Config> = {}): Config {
  const config: Config = {
    host: env.HOST || "127.0.0.1",
    port: integer(env, "PORT", 4400, 0, 65_535),
    publicUrl: pattern(
      env,
      "PUBLIC_URL",
      /^https?:\/\/[^\s/]+(\/[^\s]*)?$/,
      `http://localhost:${integer(env, "PORT", 4400, 0, 65_535)}`,
      "an address that begins with http:// or https://",
    ).replace(/\/+$/, ""),
    databaseUrl: databaseUrl(env),
    databasePoolSize: integer(env, "DATABASE_POOL_SIZE", 10, 2, 500),
    databaseDirectUrl: databaseUrl(env, "DATABASE_DIRECT_URL"),
    databasePooler: oneOf(env, "DATABASE_POOLER", ["none", "transaction"], "none"),
    drainMs: integer(env, "SHUTDOWN_DRAIN_SECONDS", 0, 0, 300) * 1_000,
    healthPort: integer(env, "HEALTH_PORT", 0, 0, 65_535),
    dataDir: resolve(env.BILLWRIGHT_DATA_DIR || ".billwright"),
    mode: oneOf(env, "BILLWRIGHT_MODE", ["sandbox", "live"], "sandbox"),
    apiKey: apiKey(env),
    tokens: {
      secret: pattern(env, "JWT_SECRET", /^.{32,}$/s, "", "at least 32 characters") || null,
      jwksUrl: pattern(env, "JWKS_URL", /^https?:\/\/[^\s]+$/, "", "an address that begins with https://") || null,
      issuer: env.JWT_ISSUER || null,
      audience: env.JWT_AUDIENCE || null,
    },
    frontendUrl: frontendUrl(env),
    corsOrigins: origins(env),
    trustedProxies: proxies(env),
    clients: { headMs: 15_000, requestMs: 60_000, connections: integer(env, "MAX_CONNECTIONS", 10_000, 1, 1_000_000) },
    rateLimit: integer(env, "RATE_LIMIT", 10_000, 1, 10_000_000),
    logLevel: oneOf(env, "LOG_LEVEL", ["trace", "debug", "info", "warn", "error", "fatal", "silent"], "info"),
    logRequests: logRequests(env),
    metrics: metrics(env),
    tracing: tracing(env),
    usage: {
      maxAgeDays: integer(env, "USAGE_MAX_AGE_DAYS", 35, 0, 3_660),
      maxAheadMinutes: integer(env, "USAGE_MAX_AHEAD_MINUTES", 5, 0, 1_440),
      limitWarningPercent: integer(env, "USAGE_LIMIT_WARNING_PERCENT", 80, 1, 100),
    },
    credits: {
      lowBalance: pattern(env, "CREDITS_LOW_BALANCE", /^\d{1,26}(\.\d{1,12})?$/, "1000", "a number of credits"),
      expiryWarningDays: integer(env, "CREDITS_EXPIRY_WARNING_DAYS", 3, 0, 365),
    },
    defaultTrialDays: integer(env, "DEFAULT_TRIAL_DAYS", 14, 0, 3_650),
    sandboxWithoutCard: oneOf(env, "SANDBOX_WITHOUT_CARD", ["pays", "fails"], "pays"),
    gracePeriodDays: integer(env, "BILLING_GRACE_PERIOD_DAYS", 3, 0, 365),
    dunningRetryDays: days(env, "DUNNING_RETRY_DAYS", [1, 3, 5, 7]),
    invoicePrefix: pattern(env, "INVOICE_PREFIX", /^[A-Za-z0-9-]{1,20}$/, "INV", "1 to 20 letters, digits or dashes"),
    creditNotePrefix: pattern(env, "CREDIT_NOTE_PREFIX", /^[A-Za-z0-9-]{1,20}$/, "CN", "1 to 20 letters, digits or dashes"),
    invoiceNumbering: oneOf(env, "INVOICE_NUMBERING", ["year", "month", "tenant"], "year"),
    fiscalYearStartMonth: integer(env, "FISCAL_YEAR_START_MONTH", 1, 1, 12),
    paymentTermDays: integer(env, "PAYMENT_TERM_DAYS", 14, 0, 365),
    seller: {
      name: env.SELLER_NAME || null,
      address: env.SELLER_ADDRESS || null,
      country: pattern(env, "SELLER_COUNTRY", /^[A-Z]{2}$/, "", "two capital letters, such as DE") || null,
      region: env.SELLER_REGION || null,
      taxId: env.SELLER_TAX_ID || null,
      bankDetails: env.SELLER_BANK_DETAILS || null,
    },
    smtp: smtp(env),
    whatsapp: whatsapp(env),
    razorpay: razorpay(env),
    sqs: sqs(env),
    razorpayWebhookSecrets: list(env, "RAZORPAY_WEBHOOK_SECRET"),
    stripe: stripe(env),
    stripePrices: stripePrices(env),
    stripeMeters: stripeMeters(env),
    stripeTax: oneOf(env, "STRIPE_AUTOMATIC_TAX", ["true", "false"], "false") === "true",
    providerSync: providerSync(env),
    taxEngine: taxEngine(env),
    stripeTaxCodes: stripeTaxCodes(env),
    stripeTaxBehavior: oneOf(env, "STRIPE_TAX_BEHAVIOR", ["exclusive", "inclusive"], "exclusive"),
    stripeWebhookSecrets: list(env, "STRIPE_WEBHOOK_SECRET"),
    retryWorker: {
      enabled: oneOf(env, "ENABLE_BILLING_RETRY_WORKER", ["true", "false"], "true") === "true",
      mode: oneOf(env, "BILLING_RETRY_DEPLOYMENT_MODE", ["inline", "dedicated"], "inline"),
    },
    role: "all",
    stream: {
      enabled: oneOf(env, "ENABLE_BILLING_STREAM", ["true", "false"], "true") === "true",
      maxOpen: integer(env, "BILLING_STREAM_MAX_OPEN", 10_000, 1, 1_000_000),
      maxPerTenant: integer(env, "BILLING_STREAM_MAX_PER_TENANT", 100, 1, 1_000_000),
      heartbeatMs: integer(env, "BILLING_STREAM_HEARTBEAT_SECONDS", 15, 1, 600) * 1_000,
      maxBufferedBytes: integer(env, "BILLING_STREAM_BUFFER_KB", 256, 16, 65_536) * 1_024,
      stallMs: integer(env, "BILLING_STREAM_STALL_SECONDS", 30, 1, 600) * 1_000,
      pollMs: integer(env, "BILLING_STREAM_POLL_SECONDS", 5, 1, 3_600) * 1_000,
    },
    secretKeys: secretKeys(env),
    webhooks: webhooks(env),
    redis: redis(env),
    eventsRedis: eventsRedis(env),
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
