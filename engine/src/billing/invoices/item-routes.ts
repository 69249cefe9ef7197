/** HTTP of one-off lines. */
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import type { Context } from "../../context.ts";
import { onPool } from "../../db/pool.ts";
import { invalidField, Refusal, tenantNotFound } from "../../errors.ts";
import { route } from "../../http/route.ts";
import {
  Closed,
  Currency,
  Instant as InstantText,
  Key,
  Nullable,
  OneOf,
  Page,
  PositiveQuantity,
  SignedMinor,
  TenantId,
  UnitAmount,
} from "../../http/schema.ts";
import { decimal } from "../money/decimal.ts";
import { formatInstant, parseInstant } from "../time/instant.ts";
import { addItem } from "./add-item.ts";
import { deleteWaiting, type ItemRow, listItems } from "./item-store.ts";

const Params = Type.Object({ tenant_id: Type.String() });

const Body = Closed({
  description: Type.String({ minLength: 1, maxLength: 500 }),
  amount: Type.Optional(SignedMinor("Whole minor units; below zero, something that is given back.")),
  quantity: Type.Optional(PositiveQuantity()),
  unit_amount: Type.Optional(UnitAmount()),
  currency: Type.Optional(Currency()),
  price: Type.Optional(Key("What coupons may be limited to.")),
  period_start: Type.Optional(InstantText()),
  period_end: Type.Optional(InstantText()),
  invoice: Type.Optional(
    OneOf(["next", "own", "draft"], "On the tenant's next invoice, on one of its own, or on a draft to be finalized."),
  ),
  collection: Type.Optional(OneOf(["charge_automatically", "send_invoice"])),
});

const ItemView = Type.Object({
  id: Type.String(),
  tenant_id: TenantId(),
  currency: Currency(),
  description: Type.String(),
  quantity: Type.Number(),
  unit_amount: Nullable(Type.String()),
  amount: SignedMinor(),
  price: Nullable(Key()),
  period_start: InstantText(),
  period_end: InstantText(),
  invoice_id: Nullable(Type.String({ description: "Null: it waits for the next invoice." })),
  created_at: InstantText(),
});

export function invoiceItemRoutes(app: FastifyInstance, ctx: Context): void {
  const tenantOf = async (tenantId: string) => {
    const tenant = await ctx.tenants.find(tenantId);
    if (!tenant) throw tenantNotFound(tenantId);
    return tenant;
  };

  route(app, ctx, {
    method: "POST",
    url: "/v1/tenants/:tenant_id/invoice-items",
    permission: "operate",
    summary: "Bill something once: on the next invoice, or on one of its own",
    params: Params,
    body: Body,
    response: { 201: ItemView },
    handle: async ({ params, body, write }) => {
      const tenant = await tenantOf(params.tenant_id);
      if ((body.amount === undefined) === (body.unit_amount === undefined))
        throw invalidField("amount", "send either amount or unit_amount");
      if (body.amount !== undefined && body.quantity !== undefined) throw invalidField("quantity", "goes with unit_amount");
      const start = body.period_start === undefined ? undefined : parseInstant(body.period_start)!;
      const end = body.period_end === undefined ? undefined : parseInstant(body.period_end)!;
      if ((start === undefined) !== (end === undefined) || (start ?? 0) > (end ?? 0)) {
        throw invalidField("period_end", "goes with period_start, and does not lie before it");
      }
      return write(
        async (tx) =>
          itemView(
            await addItem(tx, {
              tenant,
              description: body.description,
              currency: body.currency,
              amountMinor: body.amount === undefined ? undefined : BigInt(body.amount),
              quantity: body.quantity === undefined ? undefined : decimal(body.quantity),
              unitAmount: body.unit_amount === undefined ? undefined : decimal(body.unit_amount),
              price: body.price,
              period: start === undefined || end === undefined ? undefined : { start, end },
              invoice: body.invoice ?? "next",
              collection: body.collection,
            }),
          ),
        { status: 201 },
      );
    },
  });

  route(app, ctx, {
    method: "GET",
    url: "/v1/tenants/:tenant_id/invoice-items",
    permission: "billing.read",
    summary: "List the one-off lines that wait for an invoice",
    params: Params,
    response: { 200: Page(ItemView) },
    handle: async ({ params }) => {
      const tenant = await tenantOf(params.tenant_id);
      return { items: (await listItems(onPool(ctx.pool), tenant.id)).map(itemView), next_cursor: null };
    },
  });

  route(app, ctx, {
    method: "DELETE",
    url: "/v1/tenants/:tenant_id/invoice-items/:id",
    permission: "operate",
    summary: "Drop a one-off line that still waits",
    params: Type.Object({ tenant_id: Type.String(), id: Type.String({ maxLength: 64 }) }),
    response: { 200: Type.Object({ id: Type.String(), deleted: Type.Boolean() }) },
    handle: ({ params, write }) =>
      write(async (tx) => {
        if (!(await deleteWaiting(tx, params.id, params.tenant_id)))
          throw new Refusal("not_found", "The tenant has no such line that waits for an invoice.");
        return { id: params.id, deleted: true };
      }),
  });
}

function itemView(row: ItemRow) {
  return {
    id: row.id,
    tenant_id: row.tenant_id,
    currency: row.currency,
    description: row.description,
    quantity: decimal(row.quantity),
    unit_amount: row.unit_amount === null ? null : decimal(row.unit_amount).toFixed(),
    amount: row.amount,
    price: row.price_key,
    period_start: formatInstant(row.period_start),
    period_end: formatInstant(row.period_end),
    invoice_id: row.invoice_id,
    created_at: formatInstant(row.created_at),
  };
}
