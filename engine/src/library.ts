/** What the engine does for the program that it is built into: no HTTP, no key, the same rules and answers. */
import { ENGINE } from "./auth/principal.ts";
import type { CheckAnswer, ConsumptionAnswer } from "./billing/entitlements/answer.ts";
import { parseQuantity } from "./billing/entitlements/answer.ts";
import { type Entitlements, readEntitlements } from "./billing/entitlements/check.ts";
import { consume } from "./billing/entitlements/consume.ts";
import type { Outcome } from "./billing/usage/event.ts";
import { ingest } from "./billing/usage/ingest.ts";
import type { Context } from "./context.ts";
import { onPlatform } from "./db/pool.ts";
import { toJson } from "./http/json.ts";
import { askJob, getJob, retryAsked } from "./jobs/ask.ts";
import { type JobAnswer, jobView } from "./jobs/view.ts";
import { parseLossless } from "./lossless.ts";

export interface ConsumeOptions {
  /** 1 if not said. */
  quantity?: number | string;
  /** The same key gets the first answer, for ever. */
  idempotencyKey?: string;
  properties?: Record<string, unknown>;
}

export interface EnqueueOptions {
  /** Jobs with the same key that wait are one job. */
  key?: string;
  /** Now if not said. */
  runAt?: Date;
  /** 25 if not said. */
  maxAttempts?: number;
}

export interface UsageRecord {
  tenant_id: string;
  event: string;
  amount?: number | string;
  /** RFC 3339; the tenant's now if not said. */
  at?: string;
  idempotency_key?: string;
  properties?: Record<string, unknown>;
}

export type AllEntitlements = Omit<Entitlements, "features"> & { features: Record<string, CheckAnswer> };

/** Refusals are thrown as `Refusal`, with the codes of the HTTP API. */
export interface Library {
  readonly entitlements: {
    /** From memory, as a rule; without `quantity`, whether one more is let pass. */
    check(tenantId: string, feature: string, quantity?: number | string): Promise<CheckAnswer>;
    /** Checks and records in one step. Throws `quota_exceeded` at a hard limit, and records nothing. */
    consume(tenantId: string, feature: string, options?: ConsumeOptions): Promise<ConsumptionAnswer>;
    all(tenantId: string): Promise<AllEntitlements>;
    /** Drops what is kept in memory of the tenant, on every node. */
    invalidate(tenantId: string): Promise<void>;
  };
  readonly usage: {
    /** Resolves once it is durable. An array is stored whole or not at all. */
    record(event: UsageRecord): Promise<Outcome>;
    record(events: readonly UsageRecord[]): Promise<Outcome[]>;
  };
  readonly jobs: {
    /** What the worker is to do: `aggregate_daily`, `generate_monthly_invoice`, or a sweep such as `renew-due`. */
    enqueue(name: string, payload?: Record<string, unknown>, options?: EnqueueOptions): Promise<JobAnswer>;
    get(id: string): Promise<JobAnswer>;
    /** One that failed or is dead, from the start and now. */
    retry(id: string): Promise<JobAnswer>;
  };
}

export function libraryOf(ctx: Context): Library {
  const { entitlements } = ctx;

  async function record(event: UsageRecord): Promise<Outcome>;
  async function record(events: readonly UsageRecord[]): Promise<Outcome[]>;
  async function record(given: UsageRecord | readonly UsageRecord[]): Promise<Outcome | Outcome[]> {
    const batch = Array.isArray(given);
    const events = (batch ? given : [given]) as readonly Record<string, unknown>[];
    const outcomes = await ingest(ctx, ENGINE, { events, batch });
    return batch ? outcomes : outcomes[0]!;
  }

  async function checkFor(tenantId: string, feature: string, quantity: number | string): Promise<CheckAnswer> {
    return parseLossless(toJson(await entitlements.check(tenantId, feature, parseQuantity(quantity)))) as CheckAnswer;
  }

  return {
    entitlements: {
      check: (tenantId, feature, quantity) => {
        if (quantity === undefined) return entitlements.answer(tenantId, feature);
        return checkFor(tenantId, feature, quantity);
      },
      consume: async (tenantId, feature, { quantity, idempotencyKey, properties } = {}) => {
        const { json } = await consume(ctx, { tenantId, feature, quantity, key: idempotencyKey, properties });
        return parseLossless(json) as ConsumptionAnswer;
      },
      all: async (tenantId) => parseLossless(toJson(await readEntitlements(ctx, tenantId))) as AllEntitlements,
      invalidate: (tenantId) => entitlements.invalidate(tenantId),
    },
    usage: { record },
    jobs: {
      enqueue: async (name, payload, { key, runAt, maxAttempts } = {}) =>
        jobView(await askJob(onPlatform(ctx.pool), { name, payload, key, runAt: runAt?.getTime(), maxAttempts })),
      get: async (id) => jobView(await getJob(onPlatform(ctx.pool), id)),
      retry: async (id) => jobView(await retryAsked(onPlatform(ctx.pool), id)),
    },
  };
}
