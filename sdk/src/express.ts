/**
 * Quotas and features in Express:
 *
 *     const { requireQuota } = guards(client, { tenant: (req) => req.user?.organization });
 *     app.get("/reports", requireQuota("reports", { window: "day" }), (req, res) => …);
 */
import type { Request, RequestHandler, Response } from "express";
import {
  decideFeature,
  decideQuota,
  type FeatureGuardOptions,
  type Granted,
  type Guarding,
  type GuardOptions,
  type QuotaOptions,
  type Verdict,
} from "./quota.ts";

export function guards(client: Guarding, defaults: GuardOptions<Request>) {
  const guard =
    (decide: (request: Request) => Promise<Verdict>): RequestHandler =>
    async (request, response, next) => {
      let verdict: Verdict;
      try {
        verdict = await decide(request);
      } catch (error) {
        next(error);
        return;
      }
      response.set(verdict.headers);
      if (verdict.ok) {
        response.locals.billwright = verdict.granted;
        next();
      } else response.status(verdict.status).send(JSON.stringify(verdict.problem));
    };
  return {
    /** Uses the feature's quota before the handler runs; 429 where none is left. */
    requireQuota: (feature: string, options: QuotaOptions<Request> = {}) =>
      guard((request) => decideQuota(client, feature, { ...defaults, ...options }, request)),
    /** Lets only tenants through that have the feature. */
    requireFeature: (feature: string, options: FeatureGuardOptions<Request> = {}) =>
      guard((request) => decideFeature(client, feature, { ...defaults, ...options }, request)),
  };
}

/** What the last guard of this request decided. */
export function grantedOf(response: Response): Granted | null {
  return (response.locals.billwright as Granted | undefined) ?? null;
}
