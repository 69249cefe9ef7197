/**
 * Quotas and features in Fastify:
 *
 *     const { requireQuota } = guards(client, { tenant: (request) => request.user.organization });
 *     app.get("/reports", { preHandler: requireQuota("reports", { window: "day" }) }, async () => …);
 */
import type { FastifyReply, FastifyRequest } from "fastify";
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

type Hook = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

const granted = new WeakMap<FastifyRequest, Granted>();

export function guards(client: Guarding, defaults: GuardOptions<FastifyRequest>) {
  const guard =
    (decide: (request: FastifyRequest) => Promise<Verdict>): Hook =>
    async (request, reply) => {
      const verdict = await decide(request);
      reply.headers(verdict.headers);
      if (verdict.ok) {
        granted.set(request, verdict.granted);
        return;
      }
      // As text: a response schema of the route is not one of problems.
      return reply.code(verdict.status).send(JSON.stringify(verdict.problem));
    };
  return {
    /** Uses the feature's quota before the handler runs; 429 where none is left. A `preHandler`. */
    requireQuota: (feature: string, options: QuotaOptions<FastifyRequest> = {}) =>
      guard((request) => decideQuota(client, feature, { ...defaults, ...options }, request)),
    /** Lets only tenants through that have the feature. A `preHandler`. */
    requireFeature: (feature: string, options: FeatureGuardOptions<FastifyRequest> = {}) =>
      guard((request) => decideFeature(client, feature, { ...defaults, ...options }, request)),
  };
}

/** What the last guard of this request decided. */
export function grantedOf(request: FastifyRequest): Granted | null {
  return granted.get(request) ?? null;
}
