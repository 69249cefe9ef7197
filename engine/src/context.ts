/** What the parts of a running engine share. Built by hand in `engine.ts`, handed down as the first argument. */
import type { FastifyBaseLogger } from "fastify";
import type { TokenVerifier } from "./auth/tokens.ts";
import type { CatalogCache } from "./billing/catalog/cache.ts";
import type { EntitlementCache } from "./billing/entitlements/cache.ts";
import type { Notifiers } from "./billing/invoices/notifier.ts";
import type { TaxEngine } from "./billing/invoices/tax-engine.ts";
import type { InvoiceQuestion } from "./billing/invoices/tax-question.ts";
import type { ProcessorRegistry } from "./billing/subscriptions/processor.ts";
import type { TenantCache } from "./billing/tenants/cache.ts";
import type { UsageBurner } from "./billing/usage/burner.ts";
import type { UsageQueue } from "./billing/usage/queue.ts";
import type { UsageWatch } from "./billing/usage/watch.ts";
import type { Clock } from "./clock.ts";
import type { Config } from "./config.ts";
import type { Pool } from "./db/pool.ts";
import type { Timeline } from "./events/timeline.ts";
import type { GatewayRegistry } from "./gateways/registry.ts";
import type { Life } from "./life.ts";
import type { RedisParts } from "./redis/open-parts.ts";
import type { Seal } from "./seal.ts";
import type { Metrics } from "./telemetry/metrics.ts";
import type { Sender } from "./webhooks/outbound/sender.ts";

export interface Context {
  config: Config;
  clock: Clock;
  log: FastifyBaseLogger;
  /** What is counted while work is done. */
  metrics: Metrics;
  life: Life;
  pool: Pool;
  catalog: CatalogCache;
  tenants: TenantCache;
  entitlements: EntitlementCache;
  /** Is told of the usage that this process stores. */
  usageWatch: UsageWatch;
  gateways: GatewayRegistry;
  /** Who runs the cycle of subscriptions. */
  processors: ProcessorRegistry;
  /** Who a token is of; refuses one that is not valid. */
  tokens: TokenVerifier;
  /** Which taxes hold for whom. */
  taxes: TaxEngine;
  /** Asks a tax engine outside, while no transaction is open, and stores what it answers. */
  askTaxes(questions: readonly InvoiceQuestion[]): Promise<void>;
  /** Stores usage that costs credits. */
  usageBurner: UsageBurner;
  /** Where usage waits that is to be stored later. */
  usageQueue: UsageQueue;
  /** What carries invoices to people. */
  notifiers: Notifiers;
  /** What processes share beside the database. Nothing that is right depends on it. */
  redis: RedisParts;
  /** Streams of events, and the word to others that there are new ones. */
  timeline: Timeline;
  /** Of secrets that are stored. */
  seal: Seal;
  /** Sends webhooks. */
  webhooks: Sender;
}
