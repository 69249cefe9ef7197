/** HTTP of automatic top-up. */
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import type { Context } from "../../context.ts";
import { type Database, onPool } from "../../db/pool.ts";
import { invalidField, Refusal, tenantNotFound } from "../../errors.ts";
import { route } from "../../http/route.ts";
import {
  Closed,
  Instant as InstantText,
  Key,
  Minor,
  Named,
  Nullable,
  PositiveQuantity,
  Quantity,
  SignedMinor,
  TenantId,
} from "../../http/schema.ts";
import { decimal, ZERO } from "../money/decimal.ts";
import type { TenantRef } from "../tenants/cache.ts";
import { formatInstant } from "../time/instant.ts";
import { windowAt } from "../time/window.ts";
import { productOnSale } from "./sold-product.ts";
import { lockWallets } from "./store.ts";
import { countRuns, deleteTopUp, findRunning, findTopUp, putTopUp, type TopUpRow } from "./top-up-store.ts";

const Params = Type.Object({ tenant_id: Type.String() });
/** Where nobody sets a limit, so that a runaway consumer cannot buy without end. */
const DEFAULT_COUNT = 10;

const Body = Closed({
  product: Key("The key of the credit product that is bought."),
  threshold: PositiveQuantity("Buys when less than this can be spent."),
  quantity: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 1_000,
      description: "Packs a purchase, as often as it takes to get above the threshold; 1 if neither this nor a target is given.",
    }),
  ),
  target: Type.Optional(PositiveQuantity("Instead of quantity: as many packs as it takes to have so much.")),
  monthly_limit: Type.Optional(
    Closed(
      {
        count: Type.Optional(Nullable(Type.Integer({ minimum: 1, maximum: 10_000 }))),
        amount: Type.Optional(Nullable(Minor())),
      },
      { description: "In a calendar month of the tenant's: purchases, and minor units with tax. Of neither said, 10 purchases." },
    ),
  ),
  enabled: Type.Optional(Type.Boolean({ description: "true if not said. Setting it anew forgets failures." })),
});

const TopUpView = Named(
  "CreditTopUp",
  Type.Object({
    tenant_id: TenantId(),
    product: Type.String(),
    threshold: Quantity(),
    quantity: Nullable(Type.Integer()),
    target: Nullable(Quantity()),
    monthly_limit: Type.Object({ count: Nullable(Type.Integer()), amount: Nullable(SignedMinor()) }),
    enabled: Type.Boolean(),
    disabled_reason: Nullable(Type.String({ description: "payment_failed, or product_not_on_sale." })),
    failures: Type.Integer({ description: "In a row." }),
    retry_at: Nullable(InstantText()),
    running: Nullable(Type.Object({ invoice_id: Type.String(), began_at: InstantText() })),
    this_month: Type.Object({ count: Type.Integer(), amount: SignedMinor() }),
    created_at: InstantText(),
    updated_at: InstantText(),
  }),
);

export function topUpRoutes(app: FastifyInstance, ctx: Context): void {
  const url = "/v1/tenants/:tenant_id/credits/top-up";
  const tenantOf = async (id: string): Promise<TenantRef> => {
    const tenant = await ctx.tenants.find(id);
    if (!tenant) throw tenantNotFound(id);
    return tenant;
  };
  const viewOf = async (db: Database, tenant: TenantRef, row: TopUpRow) => {
    const month = windowAt("month", tenant.timeZone, await ctx.tenants.now(tenant), null).start;
    return view(row, await findRunning(db, tenant.id), await countRuns(db, tenant.id, month));
  };

  route(app, ctx, {
    method: "GET",
    url,
    permission: "billing.read",
    summary: "Read the automatic top-up",
    params: Params,
    response: { 200: TopUpView },
    handle: async ({ params }) => {
      const tenant = await tenantOf(params.tenant_id);
      const row = await findTopUp(onPool(ctx.pool), tenant.id);
      if (!row) throw none();
      return viewOf(onPool(ctx.pool), tenant, row);
    },
  });

  route(app, ctx, {
    method: "PUT",
    url,
    permission: "billing.write",
    summary: "Buy credits by the stored payment method whenever few are left",
    params: Params,
    body: Body,
    response: { 200: TopUpView },
    handle: async ({ params, body, write }) => {
      const tenant = await tenantOf(params.tenant_id);
      const product = productOnSale((await ctx.catalog.current({ fresh: true })).creditProducts, body.product, tenant);
      const threshold = decimal(body.threshold);
      if (threshold.lte(ZERO)) throw invalidField("threshold", "must be above zero");
      if (body.target !== undefined && body.quantity !== undefined)
        throw invalidField("target", "stands instead of quantity; give one of them");
      if (body.target !== undefined && decimal(body.target).lte(threshold)) throw invalidField("target", "must be above the threshold");
      if (body.monthly_limit?.amount === 0) throw invalidField("monthly_limit.amount", "must be above zero");
      const limit = body.monthly_limit ?? { count: DEFAULT_COUNT };
      return write(async (tx) => {
        await lockWallets(tx, [tenant.id]);
        const row = await putTopUp(tx, {
          tenant_id: tenant.id,
          product_key: product.key,
          threshold: threshold.toFixed(),
          quantity: body.target === undefined ? (body.quantity ?? 1) : null,
          target: body.target === undefined ? null : decimal(body.target).toFixed(),
          month_count: limit.count ?? null,
          month_amount: limit.amount == null ? null : BigInt(limit.amount),
          enabled: body.enabled ?? true,
          disabled_reason: null,
          failures: 0,
          retry_at: null,
          created_at: tx.now,
          updated_at: tx.now,
        });
        // There may be too little already.
        if (row.enabled) tx.enqueue({ name: "top-ups-due", key: "top-ups-due" });
        return viewOf(tx, tenant, row);
      });
    },
  });

  route(app, ctx, {
    method: "DELETE",
    url,
    permission: "billing.write",
    summary: "End the automatic top-up; a purchase that runs is finished",
    params: Params,
    response: { 200: Type.Object({ tenant_id: TenantId(), deleted: Type.Boolean() }) },
    handle: async ({ params, write }) => {
      const tenant = await tenantOf(params.tenant_id);
      return write(async (tx) => {
        if (!(await deleteTopUp(tx, tenant.id))) throw none();
        return { tenant_id: tenant.id, deleted: true };
      });
    },
  });
}

function none(): Refusal {
  return new Refusal("not_found", "The tenant has no automatic top-up.");
}

function view(row: TopUpRow, running: Awaited<ReturnType<typeof findRunning>>, month: { count: number; amountMinor: bigint }) {
  return {
    tenant_id: row.tenant_id,
    product: row.product_key,
    threshold: decimal(row.threshold),
    quantity: row.quantity,
    target: row.target === null ? null : decimal(row.target),
    monthly_limit: { count: row.month_count, amount: row.month_amount },
    enabled: row.enabled,
    disabled_reason: row.disabled_reason,
    failures: row.failures,
    retry_at: row.retry_at === null ? null : formatInstant(row.retry_at),
    running: running?.rule_id === null ? { invoice_id: running.invoice_id, began_at: formatInstant(running.began_at) } : null,
    this_month: { count: month.count, amount: month.amountMinor },
    created_at: formatInstant(row.created_at),
    updated_at: formatInstant(row.updated_at),
  };
}
