/**
 * Quotas and features in Fastify:
 *
 *     const { requireQuota } = guards(client, { tenant: (request) => request.user.organization });
 *     app.get("/reports", { preHandler: requireQuota("reports", { window: "day" }) }, async () => …);
 */
import type { FastifyReply, FastifyRequest } from "fastify";
import { decideFeature, decideQuota, type Granted, type Guarding, type GuardOptions, type Guards, type Verdict } from "./quota.ts";

/** A `preHandler`. */
export type Hook = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

const granted = new WeakMap<FastifyRequest, Granted>();

export function guards(client: Guarding, defaults: GuardOptions<FastifyRequest>): Guards<FastifyRequest, Hook> {
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
    requireQuota: (feature, options = {}) => guard((request) => decideQuota(client, feature, { ...defaults, ...options }, request)),
    requireFeature: (feature, options = {}) => guard((request) => decideFeature(client, feature, { ...defaults, ...options }, request)),
  };
}

/** What the last guard of this request decided. */
export function grantedOf(request: FastifyRequest): Granted | null {
  return granted.get(request) ?? null;
}
