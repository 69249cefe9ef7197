/**
 * Builds everything by hand, in order: the one place that knows all parts, and what the library exports.
 *
 *     const billing = await createBillwright({ database: process.env.DATABASE_URL });
 *     await billing.listen();
 */
import type { FastifyInstance } from "fastify";
import { alertRoutes } from "./alerts/routes.ts";
import { analyticsRoutes } from "./analytics/routes.ts";
import { auditRoutes } from "./auth/audit-routes.ts";
import { ensureFirstKey } from "./auth/first-key.ts";
import { portalRoutes } from "./auth/portal-routes.ts";
import { keyRoutes } from "./auth/routes.ts";
import { createTokenVerifier } from "./auth/tokens.ts";
import { createCatalogCache } from "./billing/catalog/catalog-cache.ts";
import { catalogRoutes } from "./billing/catalog/routes.ts";
import { bulkGrantRoutes } from "./billing/credits/bulk-routes.ts";
import { usageBurner } from "./billing/credits/burn-usage.ts";
import { creditRoutes } from "./billing/credits/routes.ts";
import { topUpRoutes } from "./billing/credits/top-up-routes.ts";
import { topUpRuleRoutes } from "./billing/credits/top-up-rule-routes.ts";
import { createEntitlementCache } from "./billing/entitlements/entitlement-cache.ts";
import { evaluateLimits } from "./billing/entitlements/evaluate.ts";
import { entitlementRoutes } from "./billing/entitlements/routes.ts";
import { CHANNELS, postgresSignals } from "./billing/entitlements/signal-store.ts";
import { askTaxes } from "./billing/invoices/ask-taxes.ts";
import { creditSaleRoutes } from "./billing/invoices/credit-sale-routes.ts";
import { ownTaxEngine } from "./billing/invoices/own-rates.ts";
import { quoteRoutes } from "./billing/invoices/quote-routes.ts";
import { invoiceRoutes } from "./billing/invoices/routes.ts";
import { checkoutRoutes } from "./billing/payments/checkout-routes.ts";
import { customerRoutes } from "./billing/payments/customer-routes.ts";
import { methodRoutes } from "./billing/payments/method-routes.ts";
import { refundRoutes } from "./billing/payments/refund-routes.ts";
import { paymentRoutes } from "./billing/payments/routes.ts";
import { planCheckoutRoutes } from "./billing/subscriptions/checkout-routes.ts";
import { lifecycleRoutes } from "./billing/subscriptions/lifecycle-routes.ts";
import { subscriptionRoutes } from "./billing/subscriptions/routes.ts";
import { tenantRoutes } from "./billing/tenants/routes.ts";
import { createTenantCache } from "./billing/tenants/tenant-cache.ts";
import { usageRoutes } from "./billing/usage/routes.ts";
import { type Clock, sleep, systemClock } from "./clock.ts";
import { type Config, readConfig } from "./config.ts";
import type { Context } from "./context.ts";
import { startEmbedded } from "./db/embedded.ts";
import { listen } from "./db/listen.ts";
import { migrate, missingMigrations } from "./db/migrate.ts";
import { openPool } from "./db/pool.ts";
import { checkPooler } from "./db/pooler.ts";
import { eventRoutes } from "./events/routes.ts";
import { eventStreamRoutes } from "./events/stream-routes.ts";
import { createTimeline } from "./events/timeline.ts";
import { openTransport } from "./events/transport.ts";
import { configuredGateways } from "./gateways/configured.ts";
import { createGatewayRegistry } from "./gateways/registry.ts";
import { sandboxConfirmRoutes } from "./gateways/sandbox/confirm-routes.ts";
import { sandboxCheckoutRoutes } from "./gateways/sandbox/routes.ts";
import { stripeClient } from "./gateways/stripe/client.ts";
import { healthRoutes } from "./http/health.ts";
import { buildServer } from "./http/server.ts";
import { jobRoutes } from "./jobs/routes.ts";
import { startWorker, type Worker } from "./jobs/worker.ts";
import { type Library, libraryOf } from "./library.ts";
import { newLife } from "./life.ts";
import { smtpNotifier } from "./notifiers/smtp.ts";
import { whatsappNotifier } from "./notifiers/whatsapp.ts";
import { createProcessorRegistry } from "./processors/registry.ts";
import { stripeProcessor } from "./processors/stripe/processor.ts";
import { sentUsageRoutes } from "./processors/stripe/usage-routes.ts";
import { openUsageQueue, startReaders } from "./queues/start.ts";
import { openRedisParts } from "./redis/open-parts.ts";
import { hearUsage, sharedSignals } from "./redis/signals.ts";
import { createSeal } from "./seal.ts";
import { testClockRoutes } from "./simulation/routes.ts";
import { stripeTaxEngine } from "./taxes/stripe.ts";
import { noteCalls, watchGateway } from "./telemetry/gateway.ts";
import { openLog } from "./telemetry/log.ts";
import { Metrics } from "./telemetry/metrics.ts";
import { metricsRoutes } from "./telemetry/metrics-routes.ts";
import { openTelemetry, serveOwnMetrics } from "./telemetry/start.ts";
import { inboundRoutes } from "./webhooks/inbound/routes.ts";
import { guardedAgent } from "./webhooks/outbound/agent.ts";
import { webhookDeliveryRoutes } from "./webhooks/outbound/delivery-routes.ts";
import { webhookEndpointRoutes } from "./webhooks/outbound/routes.ts";
import { createSender } from "./webhooks/outbound/sender.ts";

export { defineCatalog } from "./billing/catalog/define-catalog.ts";
export type { CheckAnswer, ConsumptionAnswer } from "./billing/entitlements/answer.ts";
export type { Config } from "./config.ts";
export { Refusal } from "./errors.ts";
export type { AllEntitlements, ConsumeOptions, Library, UsageRecord } from "./library.ts";

export interface BillwrightOptions {
  /** A PostgreSQL URL; absent: the built-in PostgreSQL in `config.dataDir`. */
  database?: string;
  /** What differs from the environment's settings. */
  config?: Partial<Config>;
  clock?: Clock;
  /** What a person waiting for the start may read. */
  onProgress?: (text: string) => void;
  /** The built-in PostgreSQL ended by itself: nothing works any more until the next start, which recovers. */
  onDatabaseLost?: (reason: string) => void;
  /** Run jobs in this process too. Default true. */
  worker?: boolean;
}

export interface Billwright extends Library {
  readonly ctx: Context;
  /** The HTTP API; `inject` calls it without a socket. */
  readonly app: FastifyInstance;
  readonly databaseUrl: string;
  /** Serves the API and answers its address. */
  listen(): Promise<string>;
  /** Also ends this when it closes, before what is there already. */
  atEnd(end: () => Promise<unknown>): void;
  /** Says that it is not ready, and goes on serving for as long as is set, so that nobody sends what would be lost. */
  drain(): Promise<void>;
  /** Ends requests and jobs that run, then everything. May be called twice. */
  close(): Promise<void>;
}

export async function createBillwright(options: BillwrightOptions = {}): Promise<Billwright> {
  const config = readConfig(undefined, options.config);
  const say = options.onProgress ?? (() => undefined);
  const log = openLog(config.logLevel);
  const ends: (() => Promise<unknown>)[] = [];
  const closeAll = async () => {
    // What was built last ends first.
    for (const end of ends.splice(0).reverse()) await end();
  };
  try {
    await openTelemetry(config, ends);
    const metrics = new Metrics();
    const databaseUrl = options.database ?? config.databaseUrl ?? (await embedded(config, options, ends));
    const clock = options.clock ?? systemClock;
    const directUrl = config.databaseDirectUrl ?? databaseUrl;
    const life = newLife(() => missingMigrations(directUrl));
    const ran = await migrate(directUrl);
    if (ran.length > 0) say(`Brought the database up to date (${ran.length} migrations)`);
    const onLost = (error: Error) => log.warn({ err: error }, "a database connection was lost");
    const as = config.databasePooler === "none" ? "app" : "pooler";
    const pool = openPool(databaseUrl, config.databasePoolSize, onLost, as);
    ends.push(() => pool.end());
    // What caches read, they read within transactions too: from a pool of their own, or writers that each hold a
    // connection and wait for one more would wait for ever.
    const lookups = openPool(databaseUrl, 2, onLost, as);
    ends.push(() => lookups.end());
    if (as === "pooler") await checkPooler(pool);
    const catalog = createCatalogCache(lookups, { defaultTrialDays: config.defaultTrialDays });
    const mail = config.smtp && smtpNotifier(config.smtp);
    if (mail) ends.push(async () => mail.close());
    const tenants = createTenantCache(lookups, clock);
    const redis = await openRedisParts(config, lookups, log, ends);
    const entitlements = createEntitlementCache(pool, {
      clock,
      catalog,
      tenants,
      signals: sharedSignals(redis.shared, postgresSignals(pool)),
      onError: (error) => log.warn({ err: error }, "limits could not be looked at; the next check or sweep will"),
    });
    const onEventTrouble = (error: Error) => log.warn({ err: error, part: "events" }, "following events was interrupted");
    const timeline = createTimeline({
      pool,
      ...openTransport({ pool, databaseUrl: directUrl, redis: redis.events, config, onTrouble: onEventTrouble }),
      settings: config.stream,
      onTrouble: onEventTrouble,
    });
    ends.push(() => timeline.close());
    const stripe = config.stripe && stripeClient(config.stripe, noteCalls(metrics));
    const usageQueue = await openUsageQueue(config.sqs, pool, log);
    ends.push(async () => usageQueue.close());
    const ctx: Context = {
      config,
      clock,
      log,
      metrics,
      life,
      pool,
      catalog,
      tenants,
      tokens: createTokenVerifier(config.tokens, clock),
      entitlements,
      usageWatch: entitlements,
      gateways: createGatewayRegistry(configuredGateways(config, pool, clock, stripe), (gateway) => watchGateway(gateway, metrics)),
      processors: createProcessorRegistry(stripe ? [stripeProcessor(stripe)] : []),
      usageBurner: usageBurner(() => ctx),
      usageQueue,
      taxes: config.taxEngine === "stripe" && stripe ? stripeTaxEngine(stripe, config) : ownTaxEngine(catalog, config.seller),
      askTaxes: (questions) => askTaxes(ctx, questions),
      notifiers: {
        email: mail,
        whatsapp: config.whatsapp && whatsappNotifier(config.whatsapp),
      },
      redis,
      timeline,
      seal: createSeal(config),
      webhooks: createSender(() => ctx, guardedAgent(config.webhooks.allowPrivate)),
    };
    ends.push(() => ctx.webhooks.close());
    entitlements.evaluateBy((used) => evaluateLimits(ctx, used));
    ends.push(() => entitlements.close());
    hearUsage(redis.shared, entitlements);
    const listener = await listen(directUrl, Object.values(CHANNELS), {
      up: () => entitlements.up(),
      down: () => entitlements.down(),
      notice: (channel, payload) => (channel === CHANNELS.terms ? entitlements.terms(payload) : entitlements.usage(payload)),
    });
    ends.push(() => listener.close());
    await serveOwnMetrics(ctx, ends);
    await ensureFirstKey(ctx);
    const app = await buildServer(ctx, (server) => registerRoutes(server, ctx));
    await app.ready();
    ends.push(() => app.close());
    if (options.worker ?? true) {
      const worker: Worker = await startWorker(ctx, directUrl);
      ends.push(() => worker.stop());
      ctx.webhooks.start();
      const readers = await startReaders(ctx);
      ends.push(() => readers.stop());
    }
    return {
      ...libraryOf(ctx),
      ctx,
      app,
      databaseUrl,
      listen: () => app.listen({ host: config.host, port: config.port }),
      atEnd: (end) => void ends.push(end),
      drain: async () => {
        life.stopping = true;
        await sleep(config.drainMs);
      },
      close: closeAll,
    };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

/** Every route of the API, room by room. */
export function registerRoutes(app: FastifyInstance, ctx: Context): void {
  catalogRoutes(app, ctx);
  tenantRoutes(app, ctx);
  usageRoutes(app, ctx);
  creditRoutes(app, ctx);
  paymentRoutes(app, ctx);
  methodRoutes(app, ctx);
  customerRoutes(app, ctx);
  checkoutRoutes(app, ctx);
  refundRoutes(app, ctx);
  invoiceRoutes(app, ctx);
  creditSaleRoutes(app, ctx);
  bulkGrantRoutes(app, ctx);
  topUpRoutes(app, ctx);
  topUpRuleRoutes(app, ctx);
  quoteRoutes(app, ctx);
  subscriptionRoutes(app, ctx);
  lifecycleRoutes(app, ctx);
  planCheckoutRoutes(app, ctx);
  entitlementRoutes(app, ctx);
  eventRoutes(app, ctx);
  eventStreamRoutes(app, ctx);
  inboundRoutes(app, ctx);
  sentUsageRoutes(app, ctx);
  webhookEndpointRoutes(app, ctx);
  webhookDeliveryRoutes(app, ctx);
  keyRoutes(app, ctx);
  portalRoutes(app, ctx);
  auditRoutes(app, ctx);
  analyticsRoutes(app, ctx);
  alertRoutes(app, ctx);
  testClockRoutes(app, ctx);
  sandboxCheckoutRoutes(app, ctx);
  sandboxConfirmRoutes(app, ctx);
  jobRoutes(app, ctx);
  healthRoutes(app, ctx);
  metricsRoutes(app, ctx);
}

async function embedded(config: Config, options: BillwrightOptions, ends: (() => Promise<unknown>)[]): Promise<string> {
  const { onProgress = () => undefined, onDatabaseLost = () => undefined } = options;
  const server = await startEmbedded({ dataDir: config.dataDir, onProgress, onExit: onDatabaseLost });
  ends.push(() => server.stop());
  return server.url;
}
