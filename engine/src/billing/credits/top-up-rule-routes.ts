/** HTTP of top-ups by the calendar. */
import type { FastifyInstance } from "fastify";
import { type Static, Type } from "typebox";
import type { Principal } from "../../auth/principal.ts";
import type { Context } from "../../context.ts";
import { type Database, onPool } from "../../db/pool.ts";
import { Refusal, tenantNotFound } from "../../errors.ts";
import { DEFAULT_LIMIT, decodeMoment, pageOf } from "../../http/list.ts";
import { route } from "../../http/route.ts";
import { Closed, ListQuery, Page, TenantId } from "../../http/schema.ts";
import { decimal } from "../money/decimal.ts";
import type { TenantRef } from "../tenants/cache.ts";
import { formatInstant } from "../time/instant.ts";
import { windowAt } from "../time/window.ts";
import { putRuleFor } from "./put-top-up-rule.ts";
import { lockWallets } from "./store.ts";
import { OccurrenceView, OfRule, OfTenant, RuleBody, RuleView } from "./top-up-rule-schema.ts";
import { deleteRule, findRule, listOccurrences, listRules, type OccurrenceRow, type RuleRow } from "./top-up-rule-store.ts";
import { countRuns, findRunning } from "./top-up-store.ts";

export function topUpRuleRoutes(app: FastifyInstance, ctx: Context): void {
  const url = "/v1/tenants/:tenant_id/credits/top-up-rules";
  const db = onPool(ctx.pool);
  const tenantOf = async (id: string): Promise<TenantRef> => {
    const tenant = await ctx.tenants.find(id);
    if (!tenant) throw tenantNotFound(id);
    return tenant;
  };
  const viewOf = async (on: Database, tenant: TenantRef, row: RuleRow) => {
    const month = windowAt("month", tenant.timeZone, await ctx.tenants.now(tenant), null).start;
    return ruleView(row, await findRunning(on, tenant.id), await countRuns(on, tenant.id, month, row.id));
  };
  const get = async (on: Database, tenant: TenantRef, key: string) => {
    const row = await findRule(on, tenant.id, key);
    if (!row) throw none(key);
    return row;
  };

  route(app, ctx, {
    method: "GET",
    url,
    permission: "billing.read",
    summary: "List the top-ups by the calendar",
    params: OfTenant,
    response: { 200: Page(RuleView) },
    handle: async ({ params }) => {
      const tenant = await tenantOf(params.tenant_id);
      const items = [];
      for (const row of await listRules(db, tenant.id)) items.push(await viewOf(db, tenant, row));
      return { items, next_cursor: null };
    },
  });

  route(app, ctx, {
    method: "GET",
    url: `${url}/:key`,
    permission: "billing.read",
    summary: "Read a top-up by the calendar",
    params: OfRule,
    response: { 200: RuleView },
    handle: async ({ params }) => {
      const tenant = await tenantOf(params.tenant_id);
      return viewOf(db, tenant, await get(db, tenant, params.key));
    },
  });

  route(app, ctx, {
    method: "GET",
    url: `${url}/:key/occurrences`,
    permission: "billing.read",
    summary: "What became of each occurrence of a top-up by the calendar, newest first",
    params: OfRule,
    query: Closed(ListQuery),
    response: { 200: Page(OccurrenceView) },
    handle: async ({ params, query }) => {
      const tenant = await tenantOf(params.tenant_id);
      const limit = query.limit ?? DEFAULT_LIMIT;
      const before = decodeMoment(query.cursor)?.[0] ?? null;
      const { id } = await get(db, tenant, params.key);
      const rows = await listOccurrences(db, { tenantId: tenant.id, ruleId: id, before, limit: limit + 1 });
      return pageOf(rows, limit, occurrenceView, (row) => [formatInstant(row.at), row.rule_id]);
    },
  });

  route(app, ctx, {
    method: "PUT",
    url: `${url}/:key`,
    permission: "billing.write",
    operatorFields: { source: ["promotion", "adjustment"] },
    summary: "Buy credits by the calendar by the stored payment method, or grant them",
    params: OfRule,
    body: RuleBody,
    response: { 200: RuleView },
    handle: async ({ params, body, principal, write }) => {
      const tenant = await tenantOf(params.tenant_id);
      const catalog = await ctx.catalog.current({ fresh: true });
      return write(async (tx) => {
        await lockWallets(tx, [tenant.id]);
        const before = await findRule(tx, tenant.id, params.key, true);
        if (before) assertMayChange(principal, before);
        return viewOf(tx, tenant, await putRuleFor(tx, { tenant, key: params.key, body, before, products: catalog.creditProducts }));
      });
    },
  });

  route(app, ctx, {
    method: "DELETE",
    url: `${url}/:key`,
    permission: "billing.write",
    summary: "End a top-up by the calendar; a purchase that runs is finished",
    params: OfRule,
    response: { 200: Type.Object({ tenant_id: TenantId(), key: Type.String(), deleted: Type.Boolean() }) },
    handle: async ({ params, principal, write }) => {
      const tenant = await tenantOf(params.tenant_id);
      return write(async (tx) => {
        const row = await findRule(tx, tenant.id, params.key, true);
        if (!row) throw none(params.key);
        assertMayChange(principal, row);
        await deleteRule(tx, tenant.id, row.id);
        return { tenant_id: tenant.id, key: row.key, deleted: true };
      });
    },
  });
}

/** What is granted is the operator's to say. */
function assertMayChange(principal: Principal, row: RuleRow): void {
  if (row.source !== "purchase" && principal.tenantId !== null)
    throw new Refusal("forbidden", "This top-up grants credits; who is granted them does not change it.");
}

function none(key: string): Refusal {
  return new Refusal("not_found", `The tenant has no top-up ${JSON.stringify(key)}.`);
}

function ruleView(
  row: RuleRow,
  running: Awaited<ReturnType<typeof findRunning>>,
  month: { count: number; amountMinor: bigint },
): Omit<Static<typeof RuleView>, "amount" | "target" | "monthly_limit" | "this_month"> & Record<string, unknown> {
  const text = (at: number | null) => (at === null ? null : formatInstant(at));
  return {
    id: row.id,
    tenant_id: row.tenant_id,
    key: row.key,
    source: row.source,
    product: row.product_key,
    quantity: row.quantity,
    amount: row.amount === null ? null : decimal(row.amount),
    target: row.target === null ? null : decimal(row.target),
    priority: row.priority,
    reason: row.reason,
    expires_at_next: row.expires,
    interval: row.interval_unit,
    interval_count: row.interval_count,
    starts_at: formatInstant(row.starts_at),
    ends_at: text(row.ends_at),
    next_at: row.enabled ? text(row.next_at) : null,
    monthly_limit: { count: row.month_count, amount: row.month_amount },
    enabled: row.enabled,
    disabled_reason: row.disabled_reason,
    failures: row.failures,
    retry_at: text(row.retry_at),
    running: running?.rule_id === row.id ? { invoice_id: running.invoice_id, began_at: formatInstant(running.began_at) } : null,
    this_month: { count: month.count, amount: month.amountMinor },
    created_at: formatInstant(row.created_at),
    updated_at: formatInstant(row.updated_at),
  };
}

function occurrenceView(row: OccurrenceRow) {
  return {
    at: formatInstant(row.at),
    status: row.status,
    reason: row.reason,
    grant_id: row.grant_id,
    invoice_id: row.invoice_id,
    settled_at: formatInstant(row.settled_at),
  };
}
