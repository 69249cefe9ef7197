/** Writes engine/openapi.json from the routes, for `npm run openapi`. Needs no database: routes are registered, never called. */
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { createTokenVerifier } from "../auth/tokens.ts";
import { createCatalogCache } from "../billing/catalog/catalog-cache.ts";
import { usageBurner } from "../billing/credits/burn-usage.ts";
import { createEntitlementCache } from "../billing/entitlements/entitlement-cache.ts";
import { postgresSignals } from "../billing/entitlements/signal-store.ts";
import { ownTaxEngine } from "../billing/invoices/own-rates.ts";
import { createTenantCache } from "../billing/tenants/tenant-cache.ts";
import { systemClock } from "../clock.ts";
import { readConfig } from "../config.ts";
import type { Context } from "../context.ts";
import { openPool } from "../db/pool.ts";
import { registerRoutes } from "../engine.ts";
import { createTimeline } from "../events/timeline.ts";
import { openTransport } from "../events/transport.ts";
import { createGatewayRegistry } from "../gateways/registry.ts";
import { buildServer } from "../http/server.ts";
import { newLife } from "../life.ts";
import { createProcessorRegistry } from "../processors/registry.ts";
import { postgresUsageQueue } from "../queues/postgres-queue.ts";
import { NO_REDIS } from "../redis/open-parts.ts";
import { createSeal } from "../seal.ts";
import { openLog } from "../telemetry/log.ts";
import { Metrics } from "../telemetry/metrics.ts";
import { guardedAgent } from "../webhooks/outbound/agent.ts";
import { createSender } from "../webhooks/outbound/sender.ts";

export const FILE = fileURLToPath(new URL("../../openapi.json", import.meta.url));

/** The document's text, the same on every machine. */
export async function documentText(): Promise<string> {
  // Defaults alone, so that nobody's environment changes what is written.
  const config = readConfig({});
  const nowhere = "postgres://nobody@localhost/none";
  const pool = openPool(nowhere, 1, () => undefined);
  const catalog = createCatalogCache(pool);
  const tenants = createTenantCache(pool, systemClock);
  const signals = postgresSignals(pool);
  const entitlements = createEntitlementCache(pool, { clock: systemClock, catalog, tenants, signals, onError: () => undefined });
  const ctx: Context = {
    config,
    clock: systemClock,
    log: openLog("silent"),
    life: newLife(async () => []),
    pool,
    catalog,
    tenants,
    entitlements,
    usageWatch: entitlements,
    gateways: createGatewayRegistry([]),
    metrics: new Metrics(),
    processors: createProcessorRegistry([]),
    tokens: createTokenVerifier(config.tokens, systemClock),
    usageBurner: usageBurner(() => ctx),
    usageQueue: postgresUsageQueue(pool),
    taxes: ownTaxEngine(catalog, config.seller),
    askTaxes: () => Promise.resolve(),
    notifiers: { email: null, whatsapp: null },
    redis: NO_REDIS,
    timeline: createTimeline({
      pool,
      ...openTransport({ pool, databaseUrl: nowhere, redis: null, config, onTrouble: () => undefined }),
      settings: config.stream,
      onTrouble: () => undefined,
    }),
    seal: createSeal(config),
    webhooks: createSender(() => ctx, guardedAgent([])),
  };
  const app = await buildServer(ctx, (server) => registerRoutes(server, ctx));
  try {
    await app.ready();
    return `${JSON.stringify(app.swagger(), null, 2)}\n`;
  } finally {
    await app.close();
    await pool.end();
  }
}

if (import.meta.main) await writeFile(FILE, await documentText());
