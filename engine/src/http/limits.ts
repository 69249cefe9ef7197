/** How much one caller may ask: by credential, by address where there is none, and few wrong guesses of a credential. */
import rateLimit from "@fastify/rate-limit";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { PUBLIC } from "../auth/principal.ts";
import { Refusal } from "../errors.ts";

const SECOND = 1_000;
/** Credentials of one address that were refused. */
const REFUSED_A_MINUTE = 1_000;

export interface Limits {
  /** Counts a request of a known caller, tells the headers, and refuses beyond the limit. */
  count(request: FastifyRequest, reply: FastifyReply): Promise<void>;
  /** Refuses an address that has guessed too often, before a credential that is not known yet is looked up. */
  guessed(request: FastifyRequest): Promise<void>;
  /** Counts a credential that was refused. */
  wrong(request: FastifyRequest): Promise<void>;
}

/** In this process: behind several, each caller may ask that much of each. */
export async function registerLimits(app: FastifyInstance, aSecond: number): Promise<Limits> {
  await app.register(rateLimit, { global: false, cache: 20_000 });
  const asking = app.createRateLimit({
    max: aSecond,
    timeWindow: SECOND,
    keyGenerator: ({ principal, ip }) =>
      principal === PUBLIC ? `ip ${ip}` : `${principal.kind} ${principal.tenantId ?? ""} ${principal.id}`,
  });
  const guessing = app.createRateLimit({ max: REFUSED_A_MINUTE, timeWindow: 60 * SECOND, keyGenerator: ({ ip }) => `guess ${ip}` });
  return {
    count: async (request, reply) => {
      const state = await asking(request);
      if (state.isAllowed) return;
      reply
        .header("RateLimit-Limit", state.max)
        .header("RateLimit-Remaining", state.remaining)
        .header("RateLimit-Reset", state.ttlInSeconds);
      if (state.isExceeded) throw tooMany(reply, state.ttlInSeconds, `more than ${state.max} requests a second`);
    },
    guessed: async (request) => {
      const state = await guessing(request, { increment: false });
      if (!state.isAllowed && state.remaining === 0)
        throw new Refusal("rate_limited", "Too many credentials of this address were refused. Wait a minute.");
    },
    wrong: async (request) => void (await guessing(request)),
  };
}

function tooMany(reply: FastifyReply, seconds: number, what: string): Refusal {
  reply.header("Retry-After", Math.max(1, seconds));
  return new Refusal("rate_limited", `That is ${what}. Try again in ${Math.max(1, seconds)} s.`);
}
