/**
 * Quotas and features in Hono:
 *
 *     const { requireQuota } = guards(client, { tenant: (c) => c.get("organization") });
 *     app.get("/reports", requireQuota("reports", { window: "day" }), (c) => …);
 */
import type { Context, MiddlewareHandler } from "hono";
import { decideFeature, decideQuota, type Granted, type Guarding, type GuardOptions, type Guards, type Verdict } from "./quota.ts";

const granted = new WeakMap<Request, Granted>();

export function guards(client: Guarding, defaults: GuardOptions<Context>): Guards<Context, MiddlewareHandler> {
  const guard =
    (decide: (context: Context) => Promise<Verdict>): MiddlewareHandler =>
    async (context, next) => {
      const verdict = await decide(context);
      if (!verdict.ok) return new Response(JSON.stringify(verdict.problem), { status: verdict.status, headers: verdict.headers });
      granted.set(context.req.raw, verdict.granted);
      await next();
      // Behind the handler, which may answer with a response of its own.
      for (const [name, value] of Object.entries(verdict.headers)) context.res.headers.set(name, value);
    };
  return {
    requireQuota: (feature, options = {}) => guard((context) => decideQuota(client, feature, { ...defaults, ...options }, context)),
    requireFeature: (feature, options = {}) => guard((context) => decideFeature(client, feature, { ...defaults, ...options }, context)),
  };
}

/** What the last guard of this request decided. */
export function grantedOf(context: Context): Granted | null {
  return granted.get(context.req.raw) ?? null;
}
