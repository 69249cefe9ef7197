/** HTTP of usage on its way to Stripe: what became of each event that was sent there. */
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { decimal } from "../../billing/money/decimal.ts";
import { formatInstant } from "../../billing/time/instant.ts";
import type { Context } from "../../context.ts";
import { onPool } from "../../db/pool.ts";
import { tenantNotFound } from "../../errors.ts";
import { DEFAULT_LIMIT, decodeNumber, pageOf } from "../../http/list.ts";
import { route } from "../../http/route.ts";
import { Closed, Instant, ListQuery, Named, Nullable, OneOf, Page, Quantity } from "../../http/schema.ts";
import { listMeterEvents, type MeterEventRow } from "./meter-store.ts";

const STATES = ["waiting", "sent", "refused"] as const;

const SentUsage = Named(
  "SentUsage",
  Type.Object({
    identifier: Type.String({ description: "Under which the processor counts it once." }),
    event_name: Type.String({ description: "What the meter is called there." }),
    value: Quantity(),
    at: Instant(),
    status: OneOf(STATES, "refused: it is not billed there. It may have been taken first."),
    code: Nullable(Type.String({ description: "The processor's own, of what it took and could not use." })),
    reason: Nullable(Type.String({ description: "Why it was refused, or why it still waits." })),
    attempts: Type.Integer(),
    sent_at: Nullable(Instant()),
  }),
);

export function sentUsageRoutes(app: FastifyInstance, ctx: Context): void {
  const db = onPool(ctx.pool);

  route(app, ctx, {
    method: "GET",
    url: "/v1/tenants/:tenant_id/processor-usage",
    permission: "billing.read",
    summary: "List the usage that was sent to the processor's meters, newest first, with what became of it",
    params: Type.Object({ tenant_id: Type.String() }),
    query: Closed({ ...ListQuery, status: Type.Optional(OneOf(STATES, "Only that which is so.")) }),
    response: { 200: Page(SentUsage) },
    handle: async ({ params, query }) => {
      const tenant = await ctx.tenants.find(params.tenant_id);
      if (!tenant) throw tenantNotFound(params.tenant_id);
      const limit = query.limit ?? DEFAULT_LIMIT;
      const before = decodeNumber(query.cursor);
      const rows = await listMeterEvents(db, tenant.id, { status: query.status ?? null, before, limit: limit + 1 });
      return pageOf(rows, limit, viewOf, (row) => [row.id.toString()]);
    },
  });
}

function viewOf(row: MeterEventRow) {
  return {
    identifier: row.identifier,
    event_name: row.event_name,
    value: decimal(row.value),
    at: formatInstant(row.at),
    status: row.status,
    code: row.refused_code,
    reason: row.error,
    attempts: row.attempts,
    sent_at: row.sent_at === null ? null : formatInstant(row.sent_at),
  };
}
