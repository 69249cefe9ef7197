/**
 * The client of a Billwright engine.
 *
 *     const client = new Billwright({ url: "https://billing.example.com", apiKey });
 *     await client.usage.record({ tenant_id: "acme", event: "llm_request", properties: { input_tokens: 812 } });
 *     if (await client.entitlements.has("acme", "reports")) …
 */
import { type EntitlementOptions, Entitlements } from "./entitlements/entitlements.ts";
import { ApiKeys } from "./resources/api-keys.ts";
import { Catalog, CatalogSection } from "./resources/catalog.ts";
import { Credits } from "./resources/credits.ts";
import { Events } from "./resources/events.ts";
import { Invoices } from "./resources/invoices.ts";
import { Payments } from "./resources/payments.ts";
import { Subscriptions } from "./resources/subscriptions.ts";
import { Tenants } from "./resources/tenants.ts";
import { TestClocks } from "./resources/test-clocks.ts";
import { Transport, type TransportOptions } from "./transport.ts";
import type { AnswerOf, Ask, Method, Operation, PathOf } from "./types.ts";
import { memorySpool } from "./usage/memory-spool.ts";
import type { OpenSpool } from "./usage/spool.ts";
import { Usage, type UsageOptions } from "./usage/usage.ts";

export type { CheckOptions, CheckResult, ConsumeOptions, ConsumeResult, EntitlementOptions } from "./entitlements/entitlements.ts";
export type { OutagePolicies, OutagePolicy } from "./entitlements/policy.ts";
export { BillwrightError, type ErrorCode, type Fault, isOutage } from "./error.ts";
export type { BillingEvent, BillingEventType, FollowOptions } from "./events/stream.ts";
export { List, type Page } from "./list.ts";
export type { CreditBalance, CreditHold, CreditTransaction, TopUpOccurrence } from "./resources/credits.ts";
export type { Invoice } from "./resources/invoices.ts";
export type { Payment, PaymentMethod } from "./resources/payments.ts";
export type { Subscription } from "./resources/subscriptions.ts";
export type { Tenant } from "./resources/tenants.ts";
export type { Answer, Body, CallOptions, Schemas } from "./types.ts";
export type { RecordedEvent, UsageEvent } from "./usage/event.ts";
export { memorySpool } from "./usage/memory-spool.ts";
export type { OpenSpool, WhenFull } from "./usage/spool.ts";
export type { Recorded, UsageOptions } from "./usage/usage.ts";

export interface BillwrightOptions extends TransportOptions {
  usage?: UsageOptions & {
    /** Where usage waits for the engine. In a browser: localStorage if not said, or "memory". */
    spool?: OpenSpool | "memory";
  };
  entitlements?: EntitlementOptions;
}

export class Billwright {
  readonly tenants: Tenants;
  readonly catalog: Catalog;
  readonly plans: CatalogSection<"plans">;
  readonly meters: CatalogSection<"meters">;
  readonly features: CatalogSection<"features">;
  readonly creditEvents: CatalogSection<"credit-events">;
  readonly creditProducts: CatalogSection<"credit-products">;
  readonly coupons: CatalogSection<"coupons">;
  readonly taxRates: CatalogSection<"tax-rates">;
  readonly subscriptions: Subscriptions;
  readonly usage: Usage;
  readonly entitlements: Entitlements;
  readonly credits: Credits;
  readonly invoices: Invoices;
  readonly payments: Payments;
  readonly events: Events;
  readonly apiKeys: ApiKeys;
  readonly testClocks: TestClocks;
  readonly #transport: Transport;

  constructor(options: BillwrightOptions) {
    const transport = new Transport(options);
    this.#transport = transport;
    this.tenants = new Tenants(transport);
    this.catalog = new Catalog(transport);
    this.plans = new CatalogSection(transport, "plans");
    this.meters = new CatalogSection(transport, "meters");
    this.features = new CatalogSection(transport, "features");
    this.creditEvents = new CatalogSection(transport, "credit-events");
    this.creditProducts = new CatalogSection(transport, "credit-products");
    this.coupons = new CatalogSection(transport, "coupons");
    this.taxRates = new CatalogSection(transport, "tax-rates");
    this.subscriptions = new Subscriptions(transport);
    this.usage = new Usage(transport, openSpoolOf(options), options.usage ?? {});
    const streams = "document" in globalThis ? 1 : 20;
    this.entitlements = new Entitlements(transport, { streams, ...options.entitlements }, (event) => this.usage.record(event));
    this.credits = new Credits(transport);
    this.invoices = new Invoices(transport);
    this.payments = new Payments(transport);
    this.events = new Events(transport);
    this.apiKeys = new ApiKeys(transport);
    this.testClocks = new TestClocks(transport);
  }

  /**
   * Any route, typed by the engine's OpenAPI document: `client.request("GET", "/v1/plans/{plan}", { path: { plan: "pro" } })`.
   * Throws `BillwrightError` where the engine refuses or cannot be reached.
   */
  request<M extends Method, P extends PathOf<M>>(method: M, path: P, ...ask: Ask<Operation<M, P>>): Promise<AnswerOf<Operation<M, P>>> {
    return this.#transport.request(method, path, ...ask);
  }

  /** Sends the usage that waits. Without it, what is on disk is sent by the next process. */
  flush(options?: { timeout?: number; signal?: AbortSignal }): Promise<void> {
    return this.usage.flush(options);
  }

  /** For the end of a process: sends what waits, for at most `timeout` (5 s), and ends streams. Answers how many events are left on disk. */
  close(options?: { timeout?: number }): Promise<{ pending: number }> {
    this.entitlements.close();
    return this.usage.close(options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

function openSpoolOf({ url, usage }: BillwrightOptions): OpenSpool {
  const spool = usage?.spool;
  if (typeof spool === "function") return spool;
  return memorySpool(spool === "memory" ? null : localStorageOf(), url);
}

/** null where there is none, or where the page may not use it. */
function localStorageOf(): Storage | null {
  try {
    return "document" in globalThis ? globalThis.localStorage : null;
  } catch {
    return null;
  }
}
