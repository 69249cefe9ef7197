/** HTTP of invoices: reading them, and pricing without storing. What needs a subscription is in its room. */
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import type { Context } from "../../context.ts";
import { onPool } from "../../db/pool.ts";
import { tenantNotFound } from "../../errors.ts";
import { DEFAULT_LIMIT, decodeMoment, pageOf } from "../../http/list.ts";
import { route } from "../../http/route.ts";
import { ListQuery, OneOf, Page } from "../../http/schema.ts";
import { formatInstant } from "../time/instant.ts";
import { invoiceActionRoutes } from "./action-routes.ts";
import { invoiceConfirmationRoutes } from "./confirmation-routes.ts";
import { creditNoteRoutes } from "./credit-routes.ts";
import { discountRoutes } from "./discount-routes.ts";
import { readInvoice } from "./find-invoice.ts";
import { invoiceItemRoutes } from "./item-routes.ts";
import { orderRoutes } from "./order-routes.ts";
import { invoicePaperRoutes } from "./paper-routes.ts";
import { receiptRoutes } from "./receipt-routes.ts";
import { statementRoutes } from "./statement-routes.ts";
import { listInvoices, readLines } from "./store.ts";
import { traceRoutes } from "./trace-routes.ts";
import { InvoiceView, invoiceView } from "./view.ts";

export function invoiceRoutes(app: FastifyInstance, ctx: Context): void {
  invoiceActionRoutes(app, ctx);
  discountRoutes(app, ctx);
  invoiceItemRoutes(app, ctx);
  creditNoteRoutes(app, ctx);
  invoicePaperRoutes(app, ctx);
  receiptRoutes(app, ctx);
  statementRoutes(app, ctx);
  orderRoutes(app, ctx);
  invoiceConfirmationRoutes(app, ctx);
  traceRoutes(app, ctx);

  route(app, ctx, {
    method: "GET",
    url: "/v1/tenants/:tenant_id/invoices",
    permission: "billing.read",
    summary: "List the invoices of a tenant, newest first",
    params: Type.Object({ tenant_id: Type.String() }),
    query: Type.Object(
      { ...ListQuery, status: Type.Optional(OneOf(["draft", "open", "paid", "void", "uncollectible"])) },
      { additionalProperties: false },
    ),
    response: { 200: Page(InvoiceView) },
    handle: async ({ params, query }) => {
      if (!(await ctx.tenants.find(params.tenant_id))) throw tenantNotFound(params.tenant_id);
      const limit = query.limit ?? DEFAULT_LIMIT;
      const db = onPool(ctx.pool);
      const rows = await listInvoices(db, params.tenant_id, {
        status: query.status ?? null,
        before: decodeMoment(query.cursor),
        limit: limit + 1,
      });
      const lines = await readLines(
        db,
        [params.tenant_id],
        rows.map((row) => row.id),
      );
      return pageOf(
        rows,
        limit,
        (row) => invoiceView(row, lines.get(row.id) ?? [], ctx.config),
        (row) => [formatInstant(row.created_at), row.id],
      );
    },
  });

  route(app, ctx, {
    method: "GET",
    url: "/v1/invoices/:id",
    permission: "billing.read",
    summary: "Read one invoice with its lines and what made them",
    params: Type.Object({ id: Type.String() }),
    response: { 200: InvoiceView },
    handle: async ({ params, principal }) => {
      const db = onPool(ctx.pool);
      const row = await readInvoice(db, params.id, principal.tenantId);
      const lines = await readLines(db, [row.tenant_id], [row.id]);
      return invoiceView(row, lines.get(row.id) ?? [], ctx.config);
    },
  });
}
