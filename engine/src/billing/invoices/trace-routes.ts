/** HTTP of the operator's lists of invoices, and of what made a line. */
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import type { Context } from "../../context.ts";
import { onPool } from "../../db/pool.ts";
import { DEFAULT_LIMIT, decodeMoment, pageOf } from "../../http/list.ts";
import { route } from "../../http/route.ts";
import { Closed, Currency, Instant, ListQuery, Named, Nullable, OneOf, Page, Quantity, TenantId, Text } from "../../http/schema.ts";
import { formatInstant } from "../time/instant.ts";
import { listAllInvoices } from "./list-store.ts";
import { readLines } from "./store.ts";
import { traceLine } from "./trace-line.ts";
import { InvoiceView, invoiceView, LineView } from "./view.ts";

const Trace = Named(
  "LineTrace",
  Type.Object({
    invoice: Type.String(),
    number: Nullable(Type.String()),
    tenant_id: TenantId(),
    currency: Currency(),
    line: LineView,
    steps: Type.Array(
      Type.Object({
        what: Type.String({ description: "In words." }),
        quantity: Nullable(Type.String()),
        price: Nullable(Type.String({ description: "In the currency's major unit." })),
        amount: Nullable(Type.String({ description: "In minor units, exact." })),
      }),
    ),
    rounding: Nullable(Type.String({ description: "Where the amount was rounded: what it was before." })),
    usage: Nullable(
      Type.Object({
        meter: Type.String(),
        event: Type.String(),
        aggregation: Type.String(),
        property: Nullable(Type.String()),
        unit: Nullable(Type.String()),
        filters: Type.Object({}, { additionalProperties: true }),
        period_start: Instant(),
        period_end: Instant(),
        quantity: Quantity("As it is on the line."),
        quantity_now: Quantity("What the meter says of the same period by now: more, where events came late."),
        event_count: Type.Integer(),
        events: Type.Array(
          Type.Object({
            id: Type.String(),
            event: Type.String(),
            idempotency_key: Type.String(),
            at: Instant(),
            received_at: Instant(),
            amount: Quantity(),
            properties: Type.Object({}, { additionalProperties: true }),
            value: Nullable(Type.String({ description: "What the meter reads of it; null where it only counts." })),
          }),
          { description: "The first of them, in order of time." },
        ),
      }),
    ),
  }),
);

export function traceRoutes(app: FastifyInstance, ctx: Context): void {
  route(app, ctx, {
    method: "GET",
    url: "/v1/invoices",
    permission: "billing.read",
    summary: "List the invoices of all tenants, newest first",
    query: Closed({
      ...ListQuery,
      tenant_id: Type.Optional(TenantId()),
      status: Type.Optional(OneOf(["draft", "open", "paid", "void", "uncollectible"], "All if not said.")),
      currency: Type.Optional(Currency()),
      number: Type.Optional(Text(64, "A part of the number.")),
      overdue: Type.Optional(Type.Boolean({ description: "Open, and due before now; or a payment of it has failed." })),
      from: Type.Optional(Instant("Made at or after.")),
      to: Type.Optional(Instant("Made before.")),
    }),
    response: { 200: Page(InvoiceView) },
    handle: async ({ query, principal }) => {
      const limit = query.limit ?? DEFAULT_LIMIT;
      const db = onPool(ctx.pool);
      const rows = await listAllInvoices(db, {
        // Whoever is confined to a tenant sees the list of that one.
        tenantId: principal.tenantId ?? query.tenant_id ?? null,
        status: query.status ?? null,
        currency: query.currency ?? null,
        number: query.number ?? null,
        overdueAt: query.overdue === undefined ? null : formatInstant(ctx.clock.now()),
        overdue: query.overdue ?? null,
        from: query.from ?? null,
        to: query.to ?? null,
        before: decodeMoment(query.cursor),
        limit: limit + 1,
      });
      const lines = await readLines(
        db,
        [...new Set(rows.map((row) => row.tenant_id))],
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
    url: "/v1/invoices/:id/lines/:line/explain",
    permission: "billing.read",
    summary: "What made a line: its steps in words, the meter, and the events that were counted",
    params: Type.Object({ id: Type.String(), line: Type.String({ maxLength: 64, description: "The id of a line of it." }) }),
    query: Closed({
      events: Type.Optional(Type.Integer({ minimum: 0, maximum: 100, description: "How many of the events; 20 if not said." })),
    }),
    response: { 200: Trace },
    handle: ({ params, query, principal }) =>
      traceLine(ctx, { invoice: params.id, line: params.line, tenantId: principal.tenantId, events: query.events ?? 20 }),
  });
}
