/** May they? Asked of the engine, remembered, and answered by your own policy when the engine is away. */
import { BillwrightError, isOutage } from "../error.ts";
import type { Transport } from "../transport.ts";
import type { Answer, CallOptions } from "../types.ts";
import type { UsageEvent } from "../usage/event.ts";
import { allows, allowsAlone, type Check, isOver } from "./decide.ts";
import { MeterOf } from "./meter-of.ts";
import { type OutagePolicies, type OutagePolicy, policyOf } from "./policy.ts";
import { type Quantity, units } from "./quantity.ts";
import { type CacheOptions, type Known, type Entitlements as State, StateCache } from "./state-cache.ts";

export interface EntitlementOptions extends Partial<CacheOptions> {
  /** While the engine cannot be reached; "last_known" if not said. */
  whenUnreachable?: OutagePolicy | OutagePolicies;
  /** Of one attempt, in milliseconds; 2,000 if not said: somebody is waiting for the answer. */
  timeout?: number;
  /** How often an attempt is repeated; once if not said. */
  retries?: number;
  /** Told of consumptions that were let through during an outage and that nothing is known to record by. */
  onUnrecorded?: (consumption: { tenant: string; feature: string; quantity: Quantity; idempotencyKey: string }) => void;
}

/** Where an answer is from: the engine now, the engine a while ago, or your policy for outages. */
export type Source = "engine" | "cache" | "policy";

export type CheckResult = Omit<Check, "reason"> & { reason: Check["reason"] | "unreachable"; source: Source };

/** `status: "pending"`: let through by the policy; it is recorded when the engine is back. */
export type ConsumeResult = CheckResult & {
  id: string | null;
  status: "accepted" | "duplicate" | "pending";
  quantity: Quantity;
  idempotency_key: string;
};

export interface CheckOptions {
  /** How much more is asked for; without it, whether there is any left. */
  quantity?: Quantity;
  /** Milliseconds for which an earlier answer is good enough; 0 asks the engine. */
  maxAge?: number;
  signal?: AbortSignal;
}

export interface ConsumeOptions extends Pick<CallOptions, "idempotencyKey" | "signal"> {
  /** 1 if not said. */
  quantity?: Quantity;
  properties?: Record<string, unknown>;
}

const FEATURE = "/v1/tenants/{tenant_id}/entitlements/{feature}";
/** After a failure nobody else is made to wait for the next one. */
const REST_MS = 1_000;

export class Entitlements {
  readonly #transport: Transport;
  readonly #options: EntitlementOptions;
  readonly #call: { timeout: number; retries: number };
  readonly #cache: StateCache;
  readonly #meters: MeterOf;
  readonly #record: (event: UsageEvent) => Promise<unknown>;
  /** Let through without the engine, since it was last heard of: by tenant and feature. */
  readonly #alone = new Map<string, bigint>();
  #downUntil = 0;

  constructor(transport: Transport, options: EntitlementOptions, record: (event: UsageEvent) => Promise<unknown>) {
    const { timeout = 2_000, retries = 1, maxAge = 10_000, streamedMaxAge = 300_000, maxTenants = 10_000, streams = 20 } = options;
    this.#transport = transport;
    this.#options = options;
    this.#call = { timeout, retries };
    this.#cache = new StateCache(transport, { maxAge, streamedMaxAge, maxTenants, streams }, this.#call);
    this.#meters = new MeterOf(transport);
    this.#record = record;
  }

  /**
   * Whether the tenant may use the feature, so much more of it. From memory where that is fresh enough, else from the engine; in an outage
   * by your policy. Throws `tenant_not_found` and `feature_not_found`, which are mistakes and no outages.
   */
  async check(tenant: string, feature: string, { quantity, maxAge, signal }: CheckOptions = {}): Promise<CheckResult> {
    if (quantity !== undefined) units(quantity);
    const known = this.#cache.lastKnown(tenant);
    const held = known && checkOf(known, feature);
    if (known && held && this.#cache.isFresh(tenant, known, held.type === "metered", maxAge) && !isOver(held, timeOf(known))) {
      const answer = resultOf(held, quantity, "cache", known);
      if (answer) return answer;
    }
    try {
      this.#assertUp();
      const fresh = await this.#orAborted(this.#cache.refresh(tenant), signal);
      this.#up();
      const check = checkOf(fresh, feature);
      const answer = check && resultOf(check, quantity, "engine", fresh);
      if (answer) return answer;
      // A feature that is not in the state, or a quantity that only the engine can judge.
      return { ...(await this.#askOne(tenant, feature, quantity, signal)), source: "engine" };
    } catch (error) {
      if (!this.#noteOutage(error, tenant)) throw error;
      return this.#byPolicy(tenant, feature, quantity ?? 1).result;
    }
  }

  /** `check(…).has_access`. */
  async has(tenant: string, feature: string, options?: CheckOptions): Promise<boolean> {
    return (await this.check(tenant, feature, options)).has_access;
  }

  /** All features of the tenant; as `check`, but an outage with nothing known is thrown. */
  async list(tenant: string, { maxAge, signal }: Omit<CheckOptions, "quantity"> = {}): Promise<State & { source: Source }> {
    const known = this.#cache.lastKnown(tenant);
    const isCounted = known !== null && Object.values(known.state.features).some(({ type }) => type === "metered");
    if (known && this.#cache.isFresh(tenant, known, isCounted, maxAge)) return { ...known.state, source: "cache" };
    try {
      const fresh = await this.#orAborted(this.#cache.refresh(tenant), signal);
      this.#up();
      return { ...fresh.state, source: "engine" };
    } catch (error) {
      if (!this.#noteOutage(error, tenant) || !known) throw error;
      return { ...known.state, source: "policy" };
    }
  }

  /**
   * Uses some of a metered feature: checked and recorded in one step by the engine, so that a hard limit is never passed, by however
   * many servers. Throws `quota_exceeded` (with the limit in `problem`) and, where the feature is not given at all, `forbidden`.
   *
   * In an outage your policy decides; what it lets through is recorded by the same key when the engine is back, and counts once.
   */
  async consume(tenant: string, feature: string, options: ConsumeOptions = {}): Promise<ConsumeResult> {
    const { quantity = 1, properties, signal, idempotencyKey: key = crypto.randomUUID() } = options;
    units(quantity);
    try {
      this.#assertUp();
      const body = { quantity, idempotency_key: key, ...(properties ? { properties } : {}) };
      const reply = await this.#transport.send("POST", `${FEATURE}/consume`, {
        path: { tenant_id: tenant, feature },
        body,
        idempotencyKey: key,
        ...this.#call,
        ...(signal ? { signal } : {}),
      });
      this.#up();
      const answer = reply.body as Answer<"POST", `${typeof FEATURE}/consume`>;
      this.#learn(tenant, answer);
      void this.#meters.learn(feature);
      return { ...answer, source: "engine", idempotency_key: key };
    } catch (error) {
      if (error instanceof BillwrightError && error.code === "quota_exceeded") this.#cache.expire(tenant);
      if (!this.#noteOutage(error, tenant)) throw error;
      return this.#consumeAlone(tenant, feature, quantity, properties, key);
    }
  }

  /**
   * Records use that was allowed elsewhere, or after `consume` refused it: as `consume` would, without a limit. Answers whether it is known
   * how; then it reaches the engine as any usage does.
   */
  async recordConsumption(tenant: string, feature: string, options: ConsumeOptions = {}): Promise<boolean> {
    const { quantity = 1, properties, idempotencyKey: key = crypto.randomUUID() } = options;
    if (Date.now() >= this.#downUntil) await this.#meters.learn(feature);
    const events = this.#meters.eventsOf({ tenant, feature, quantity, key, ...(properties ? { properties } : {}) });
    if (events === null) this.#options.onUnrecorded?.({ tenant, feature, quantity, idempotencyKey: key });
    else await Promise.all(events.map((event) => this.#record(event)));
    return events !== null;
  }

  /** Forgets what is remembered of the tenant, here and on every node of the engine. */
  async invalidate(tenant: string, options?: CallOptions): Promise<void> {
    this.#cache.expire(tenant);
    await this.#transport.request("POST", "/v1/tenants/{tenant_id}/entitlements/invalidate", { path: { tenant_id: tenant }, ...options });
  }

  /** Ends the event streams. */
  close(): void {
    this.#cache.close();
  }

  async #askOne(tenant: string, feature: string, quantity: Quantity | undefined, signal: AbortSignal | undefined): Promise<Check> {
    const reply = await this.#transport.send("GET", FEATURE, {
      path: { tenant_id: tenant, feature },
      query: { quantity },
      ...this.#call,
      ...(signal ? { signal } : {}),
    });
    return reply.body as Check;
  }

  async #consumeAlone(
    tenant: string,
    feature: string,
    quantity: Quantity,
    properties: Record<string, unknown> | undefined,
    key: string,
  ): Promise<ConsumeResult> {
    const { result, isAllowed } = this.#byPolicy(tenant, feature, quantity);
    if (!isAllowed) {
      const isKnown = result.reason === "limit_reached";
      const detail = isKnown
        ? `The limit of ${feature} is reached, as far as is known.`
        : `${feature} is closed while the engine cannot be reached.`;
      const { source: _source, ...known } = result;
      throw new BillwrightError(0, { ...known, code: isKnown ? "quota_exceeded" : "unreachable", detail });
    }
    const place = `${tenant} ${feature}`;
    this.#alone.set(place, (this.#alone.get(place) ?? 0n) + units(quantity));
    await this.recordConsumption(tenant, feature, { quantity, idempotencyKey: key, ...(properties ? { properties } : {}) });
    return { ...result, id: null, status: "pending", quantity, idempotency_key: key };
  }

  #byPolicy(tenant: string, feature: string, quantity: Quantity): { result: CheckResult; isAllowed: boolean } {
    const policy = policyOf(this.#options.whenUnreachable, feature);
    const known = this.#cache.lastKnown(tenant);
    const held = known && checkOf(known, feature);
    const base = held ?? unknownCheck(feature);
    const say = (isAllowed: boolean, reason: CheckResult["reason"]) => ({
      result: { ...base, has_access: isAllowed, reason, source: "policy" as const },
      isAllowed,
    });
    if (policy === "open" || policy === "closed") return say(policy === "open", "unreachable");
    if (!known || !held) return say(policy === "last_known_or_open", "unreachable");
    const since = this.#alone.get(`${tenant} ${feature}`) ?? 0n;
    if (allowsAlone(held, quantity, since, timeOf(known))) return say(true, "granted");
    return say(false, held.type === "metered" && held.limits.length > 0 ? "limit_reached" : held.reason);
  }

  /** What a consumption answered of the feature is newer than what is remembered. */
  #learn(tenant: string, answer: Answer<"POST", `${typeof FEATURE}/consume`>): void {
    const known = this.#cache.lastKnown(tenant);
    if (!known) return;
    const { id: _id, status: _status, conflict: _conflict, quantity: _quantity, ...check } = answer;
    // The answer was about this quantity; what is remembered is about the next one.
    const has_access = check.limits.every(
      (limit) => limit.enforcement !== "hard" || limit.remaining === null || units(limit.remaining) > 0n,
    );
    known.state.features[check.feature] = { ...check, has_access, reason: has_access ? check.reason : "limit_reached" };
  }

  #assertUp(): void {
    if (Date.now() < this.#downUntil)
      throw new BillwrightError(0, { code: "unreachable", detail: "The engine could not be reached a moment ago." });
  }

  #up(): void {
    this.#downUntil = 0;
    this.#alone.clear();
  }

  /** Whether the error is an outage, for which there is a policy. */
  #noteOutage(error: unknown, tenant: string): boolean {
    if (error instanceof BillwrightError && error.code === "tenant_not_found") this.#cache.forget(tenant);
    if (!isOutage(error)) return false;
    if (Date.now() >= this.#downUntil) this.#downUntil = Date.now() + REST_MS;
    return true;
  }

  /** What is asked for many may go on when one of them does not want it any more. */
  #orAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    if (!signal) return work;
    return new Promise((resolve, reject) => {
      const stop = () => reject(signal.reason as Error);
      if (signal.aborted) stop();
      signal.addEventListener("abort", stop, { once: true });
      work.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
    });
  }
}

function checkOf({ state }: Known, feature: string): Check | null {
  return Object.hasOwn(state.features, feature) ? (state.features[feature] as Check) : null;
}

function timeOf({ learnedAt }: Known) {
  return { learnedAt, now: Date.now() };
}

/** null: what is known does not tell for this quantity. */
function resultOf(check: Check, quantity: Quantity | undefined, source: Source, known: Known): CheckResult | null {
  const has_access = allows(check, quantity, timeOf(known));
  return has_access === null ? null : { ...check, has_access, source };
}

function unknownCheck(feature: string): Check {
  const none = { limit: null, used: null, remaining: null, window: null, resets_at: null, enforcement: null };
  return { feature, type: "boolean", has_access: false, reason: "not_in_plan", value: null, ...none, limits: [] };
}
