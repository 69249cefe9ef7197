/** Grants to many tenants in one request: in chunks, each one write, an answer a row. The same request again does what is missing. */
import { createHash } from "node:crypto";
import type { Principal } from "../../auth/principal.ts";
import { commit, type Origin } from "../../commit.ts";
import type { Context } from "../../context.ts";
import type { ErrorCode } from "../../errors.ts";
import { type Decimal, decimal } from "../money/decimal.ts";
import type { TenantRef } from "../tenants/cache.ts";
import type { Instant } from "../time/instant.ts";
import type { Source } from "./grant.ts";
import { EXPIRED, type GrantInput, grantMany } from "./grant-credits.ts";

export interface BulkGrant {
  source: Source;
  priority: number | null;
  effectiveAt: Instant | null;
  expiresAt: Instant | null;
  reason: string | null;
  /** What the rows' keys are made of where they have none of their own; null: of the whole request. */
  key: string | null;
  rows: readonly { tenantId: string; amount: Decimal; key: string | null; reason: string | null }[];
}

export type BulkOutcome =
  | { status: "granted" | "replayed"; tenantId: string; grantId: string; amount: Decimal }
  | { status: "refused"; tenantId: string; code: ErrorCode; detail: string };

const CHUNK = 1_000;

/** `by`: who asks, and from where. */
export async function grantInBulk(ctx: Context, by: { principal: Principal; origin?: Origin }, input: BulkGrant): Promise<BulkOutcome[]> {
  const tenants = await ctx.tenants.findMany([...new Set(input.rows.map((row) => row.tenantId))]);
  const keys = keysOf(input);
  const outcomes: BulkOutcome[] = [];
  for (let from = 0; from < input.rows.length; from += CHUNK) {
    const rows = input.rows.slice(from, from + CHUNK);
    const inputs: GrantInput[] = [];
    for (const [index, row] of rows.entries()) {
      const tenant = tenants.get(row.tenantId);
      if (tenant) inputs.push({ ...(await grantOf(ctx, tenant, input, row)), key: keys[from + index]! });
    }
    const nows = new Set(inputs.map((one) => one.at));
    const [now] = nows;
    // Tenants of one test clock are granted at its instant.
    const at = nows.size === 1 && now !== undefined ? { now } : {};
    const granted = await commit(ctx, { ...by, source: "api", ...at }, (tx) => grantMany(tx, inputs));
    let next = 0;
    for (const { tenantId } of rows) outcomes.push(tenants.has(tenantId) ? outcomeOf(tenantId, granted[next++]!) : unknown(tenantId));
  }
  return outcomes;
}

async function grantOf(ctx: Context, tenant: TenantRef, input: BulkGrant, row: BulkGrant["rows"][number]): Promise<GrantInput> {
  return {
    tenantId: tenant.id,
    amount: row.amount,
    source: input.source,
    priority: input.priority,
    effectiveAt: input.effectiveAt,
    expiresAt: input.expiresAt,
    reason: row.reason ?? input.reason,
    refuseExpired: true,
    // Of a tenant on a test clock by that; the clock of all others is the write's.
    ...(tenant.testClockId === null ? {} : { at: await ctx.tenants.now(tenant) }),
  };
}

/** A tenant may stand in several rows: the second has a key of its own, the same each time the request is made. */
function keysOf(input: BulkGrant): string[] {
  const base = input.key ?? `bulk ${contentOf(input)}`;
  const seen = new Map<string, number>();
  return input.rows.map(({ tenantId, key }) => {
    if (key !== null) return key;
    const count = (seen.get(tenantId) ?? 0) + 1;
    seen.set(tenantId, count);
    return count === 1 ? base : `${base} ${count}`;
  });
}

function contentOf({ source, priority, effectiveAt, expiresAt, reason, rows }: BulkGrant): string {
  const content = [source, priority, effectiveAt, expiresAt, reason, rows.map((row) => [row.tenantId, row.amount.toFixed(), row.reason])];
  return createHash("sha256").update(JSON.stringify(content)).digest("hex");
}

function outcomeOf(tenantId: string, granted: Awaited<ReturnType<typeof grantMany>>[number]): BulkOutcome {
  if (granted.refused === "expired") return { status: "refused", tenantId, code: "invalid_request", detail: `expires_at: ${EXPIRED}` };
  if (granted.grant === null)
    return {
      status: "refused",
      tenantId,
      code: "idempotency_key_reused",
      detail: "The key was used for something else with this tenant's credits.",
    };
  return {
    status: granted.replayed ? "replayed" : "granted",
    tenantId,
    grantId: granted.grant.id,
    amount: decimal(granted.grant.amount),
  };
}

function unknown(tenantId: string): BulkOutcome {
  return { status: "refused", tenantId, code: "tenant_not_found", detail: `There is no tenant ${JSON.stringify(tenantId)}.` };
}
