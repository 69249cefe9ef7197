/** How much one caller may ask: by credential, by address where there is none, and few wrong guesses of a credential. */
import rateLimit from "@fastify/rate-limit";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { PUBLIC } from "../auth/principal.ts";
import { Refusal } from "../errors.ts";
import type { Redis } from "../redis/redis.ts";
import { createLeasedLimit } from "./leased-limit.ts";

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

/** Over all processes together while Redis is there; else each caller may ask that much of each process. */
export async function registerLimits(app: FastifyInstance, aSecond: number, redis: Redis | null): Promise<Limits> {
  await app.register(rateLimit, { global: false, cache: 20_000 });
  const callerOf = ({ principal, ip }: FastifyRequest): string =>
    principal === PUBLIC ? `ip ${ip}` : `${principal.kind} ${principal.tenantId ?? ""} ${principal.id}`;
  const minute = 60 * SECOND;
  const asking = app.createRateLimit({ max: aSecond, timeWindow: SECOND, keyGenerator: callerOf });
  const guessing = app.createRateLimit({ max: REFUSED_A_MINUTE, timeWindow: minute, keyGenerator: ({ ip }) => `guess ${ip}` });
  const asked = redis && createLeasedLimit(redis, "asked", aSecond, SECOND);
  const guessed = redis && createLeasedLimit(redis, "guessed", REFUSED_A_MINUTE, minute, 0);

  async function counted(request: FastifyRequest): Promise<State | null> {
    const taken = asked && (await asked.take(callerOf(request)));
    if (taken) return { ...taken, seconds: Math.ceil(taken.ttlMs / SECOND) };
    const state = await asking(request);
    if (state.isAllowed) return null;
    return { isAllowed: !state.isExceeded, remaining: state.remaining, seconds: state.ttlInSeconds };
  }

  return {
    count: async (request, reply) => {
      const state = await counted(request);
      if (state === null) return;
      reply.header("RateLimit-Limit", aSecond).header("RateLimit-Remaining", state.remaining).header("RateLimit-Reset", state.seconds);
      if (!state.isAllowed) throw tooMany(reply, state.seconds, `more than ${aSecond} requests a second`);
    },
    guessed: async (request) => {
      const shared = guessed && (await guessed.look(request.ip));
      const state = shared ?? (await guessing(request, { increment: false }));
      if (!state.isAllowed && "remaining" in state && state.remaining === 0)
        throw new Refusal("rate_limited", "Too many credentials of this address were refused. Wait a minute.");
    },
    wrong: async (request) => {
      if (!(guessed && (await guessed.take(request.ip)))) await guessing(request);
    },
  };
}

interface State {
  isAllowed: boolean;
  remaining: number;
  seconds: number;
}

function tooMany(reply: FastifyReply, seconds: number, what: string): Refusal {
  reply.header("Retry-After", Math.max(1, seconds));
  return new Refusal("rate_limited", `That is ${what}. Try again in ${Math.max(1, seconds)} s.`);
}
