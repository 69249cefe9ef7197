/**
 * Quotas and features in Express:
 *
 *     const { requireQuota } = guards(client, { tenant: (req) => req.user?.organization });
 *     app.get("/reports", requireQuota("reports", { window: "day" }), (req, res) => …);
 */
import type { Request, RequestHandler, Response } from "express";
import { decideFeature, decideQuota, type Granted, type Guarding, type GuardOptions, type Guards, type Verdict } from "./quota.ts";

export function guards(client: Guarding, defaults: GuardOptions<Request>): Guards<Request, RequestHandler> {
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
    requireQuota: (feature, options = {}) => guard((request) => decideQuota(client, feature, { ...defaults, ...options }, request)),
    requireFeature: (feature, options = {}) => guard((request) => decideFeature(client, feature, { ...defaults, ...options }, request)),
  };
}

/** What the last guard of this request decided. */
export function grantedOf(response: Response): Granted | null {
  return (response.locals.billwright as Granted | undefined) ?? null;
}
