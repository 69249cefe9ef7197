/** The decision behind `requireQuota` and `requireFeature`, without any framework: let the request through, or what to refuse it with. */
import type { Billwright } from "./client.ts";
import type { CheckResult } from "./entitlements/entitlements.ts";
import { wholeUnits } from "./entitlements/quantity.ts";
import { BillwrightError } from "./error.ts";

export type Window = "minute" | "hour" | "day" | "month" | "billing_period" | "lifetime";
type MaybePromise<T> = T | Promise<T>;

export interface GuardOptions<Request> {
  /** Whose request it is: your own id of the tenant; nothing: the request is refused with 401. */
  tenant: (request: Request) => MaybePromise<string | null | undefined>;
}

export interface FeatureGuardOptions<Request> extends Partial<GuardOptions<Request>> {}

export interface QuotaOptions<Request> extends Partial<GuardOptions<Request>> {
  /** Which of the feature's limits the headers tell of; all of them if not said. Any hard limit refuses. */
  window?: Window;
  /** true: over the limit the request goes through too, is recorded, and says so (`exceeded`). */
  soft?: boolean;
  /** How much the request uses; 1 if not said. */
  quantity?: number | string | ((request: Request) => MaybePromise<number | string>);
  /** Makes a request that is sent again count once, such as its own Idempotency-Key. */
  idempotencyKey?: (request: Request) => string | null | undefined;
  /** What else the usage event has. */
  properties?: (request: Request) => Record<string, unknown>;
}

/** What `guards` answers in every framework; `Guard` is what the framework takes before a handler. */
export interface Guards<Request, Guard> {
  /** Uses the feature's quota before the handler runs; refused with 429 where none is left. */
  requireQuota(feature: string, options?: QuotaOptions<Request>): Guard;
  /** Lets only tenants through that have the feature. */
  requireFeature(feature: string, options?: FeatureGuardOptions<Request>): Guard;
}

/** What the handler may want to know of the decision. */
export interface Granted {
  tenant: string;
  check: CheckResult;
  /** Let through over a limit. */
  exceeded: boolean;
}

export type Verdict =
  | { ok: true; headers: Record<string, string>; granted: Granted }
  | { ok: false; status: number; headers: Record<string, string>; problem: Record<string, unknown> };

/** The part of the client that guards need. */
export type Guarding = Pick<Billwright, "entitlements">;

export const PROBLEM_TYPE = "application/problem+json";

/** Uses the quota: throws only what is a mistake of the set-up, such as a feature that is not in the catalog. */
export async function decideQuota<Request>(
  client: Guarding,
  feature: string,
  options: QuotaOptions<Request> & GuardOptions<Request>,
  request: Request,
): Promise<Verdict> {
  const tenant = await options.tenant(request);
  if (!tenant) return nobody();
  const quantity = typeof options.quantity === "function" ? await options.quantity(request) : (options.quantity ?? 1);
  const key = options.idempotencyKey?.(request) ?? crypto.randomUUID();
  const properties = options.properties?.(request);
  const consumption = { quantity, idempotencyKey: key, ...(properties ? { properties } : {}) };
  try {
    const check = await client.entitlements.consume(tenant, feature, consumption);
    return {
      ok: true,
      headers: rateHeaders(check, options.window),
      granted: { tenant, check, exceeded: check.reason === "limit_reached" },
    };
  } catch (error) {
    if (!(error instanceof BillwrightError)) throw error;
    const refused = refusedCheck(error, feature);
    if (refused && options.soft && error.code === "quota_exceeded") {
      await client.entitlements.recordConsumption(tenant, feature, consumption);
      return { ok: true, headers: rateHeaders(refused, options.window), granted: { tenant, check: refused, exceeded: true } };
    }
    if (refused) return refusal(refused, options.window);
    if (error.code === "tenant_not_found") return stranger(tenant);
    throw mistake("requireQuota", feature, error);
  }
}

export async function decideFeature<Request>(
  client: Guarding,
  feature: string,
  options: GuardOptions<Request>,
  request: Request,
): Promise<Verdict> {
  const tenant = await options.tenant(request);
  if (!tenant) return nobody();
  try {
    const check = await client.entitlements.check(tenant, feature);
    return check.has_access
      ? { ok: true, headers: {}, granted: { tenant, check, exceeded: check.reason === "limit_reached" } }
      : refusal(check, undefined);
  } catch (error) {
    if (error instanceof BillwrightError && error.code === "tenant_not_found") return stranger(tenant);
    throw mistake("requireFeature", feature, error);
  }
}

/** Frameworks answer with an error's own `status`, and the engine's 404 is none of the one who asked here. */
function mistake(guard: string, feature: string, cause: unknown): Error {
  return new Error(`${guard}(${JSON.stringify(feature)}): ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
}

/** What the engine, or the policy for outages, said no by; null: it is another failure. */
function refusedCheck(error: BillwrightError, feature: string): CheckResult | null {
  const { reason } = error.problem;
  const isRefusal =
    error.code === "quota_exceeded" || (typeof reason === "string" && (error.code === "forbidden" || error.code === "unreachable"));
  if (!isRefusal) return null;
  const none = { value: null, limit: null, used: null, remaining: null, window: null, resets_at: null, enforcement: null, limits: [] };
  return {
    ...none,
    type: "metered",
    source: error.status === 0 ? "policy" : "engine",
    ...error.problem,
    reason: error.code === "quota_exceeded" ? "limit_reached" : reason,
    feature,
    has_access: false,
  } as CheckResult;
}

/** Why, as HTTP says it. */
const REFUSALS: Readonly<Record<string, readonly [status: number, code: string, title: string]>> = {
  limit_reached: [429, "quota_exceeded", "The quota is used up"],
  not_in_plan: [403, "forbidden", "The plan does not include this"],
  no_subscription: [402, "no_subscription", "This needs a subscription"],
  past_due: [402, "past_due", "A payment is overdue"],
  paused: [403, "paused", "The subscription is paused"],
  unreachable: [503, "unavailable", "Whether this is allowed cannot be told right now"],
};

function refusal(check: CheckResult, window: Window | undefined): Verdict {
  const [status, code, title] = REFUSALS[check.reason] ?? REFUSALS.not_in_plan!;
  const { feature, reason, limit, used, remaining, resets_at } = check;
  const headers = rateHeaders(check, window);
  const seconds = status === 503 ? 5 : secondsUntil(resets_at);
  if ((status === 429 || status === 503) && seconds !== null) headers["retry-after"] = String(seconds);
  const counted = status === 429 ? { limit, used, remaining, window: check.window, resets_at } : {};
  return problem(status, code, title, detailOf(check), { feature, reason, ...counted }, headers);
}

function detailOf({ feature, reason, limit, window, resets_at }: CheckResult): string {
  if (reason === "limit_reached") {
    const size = limit === null ? "its limit" : `its limit of ${limit}${window === null ? "" : ` (${window})`}`;
    return `${feature} has reached ${size}.${resets_at === null ? "" : ` It resets at ${resets_at}.`}`;
  }
  return `${feature}: ${REFUSALS[reason]?.[2] ?? reason}.`;
}

function nobody(): Verdict {
  return problem(401, "unauthenticated", "Nobody is signed in", "The request does not say whose it is.", {}, {});
}

function stranger(tenant: string): Verdict {
  return problem(403, "tenant_not_found", "There is no such tenant", `${tenant} is not known to billing.`, {}, {});
}

function problem(
  status: number,
  code: string,
  title: string,
  detail: string,
  extra: Record<string, unknown>,
  headers: Record<string, string>,
): Verdict {
  const type = `https://billwright.dev/problems/${code.replaceAll("_", "-")}`;
  return {
    ok: false,
    status,
    headers: { ...headers, "content-type": PROBLEM_TYPE, "cache-control": "no-store" },
    problem: { type, title, status, detail, code, ...extra },
  };
}

const SECONDS: Partial<Record<Window, number>> = { minute: 60, hour: 3_600, day: 86_400 };

/** RateLimit and RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers), one item a limit. Both take whole numbers only. */
export function rateHeaders({ feature, limits }: CheckResult, window: Window | undefined): Record<string, string> {
  const shown = limits.filter(
    (limit) => limit.limit !== null && limit.window !== null && (window === undefined || limit.window === window),
  );
  if (shown.length === 0) return {};
  const policies = shown.map((one) => {
    const seconds = SECONDS[one.window!];
    return `"${feature}-${one.window}";q=${wholeUnits(one.limit!)}${seconds === undefined ? "" : `;w=${seconds}`}`;
  });
  const states = shown.map((one) => {
    const seconds = secondsUntil(one.resets_at);
    return `"${feature}-${one.window}";r=${wholeUnits(one.remaining ?? 0)}${seconds === null ? "" : `;t=${seconds}`}`;
  });
  return { "ratelimit-policy": policies.join(", "), ratelimit: states.join(", ") };
}

function secondsUntil(instant: string | null): number | null {
  return instant === null ? null : Math.max(0, Math.ceil((Date.parse(instant) - Date.now()) / 1_000));
}
