/** HTTP of money from outside any gateway: for an invoice, or for none yet. All of it is the operator's to say. */
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import type { Context } from "../../context.ts";
import { type Database, onPool } from "../../db/pool.ts";
import { invalidField, Refusal, tenantNotFound } from "../../errors.ts";
import { DEFAULT_LIMIT, decodeMoment, pageOf } from "../../http/list.ts";
import { Printed, route } from "../../http/route.ts";
import { Closed, ListQuery, OneOf, Page, Text } from "../../http/schema.ts";
import { isId } from "../../ids.ts";
import { keepUnapplied } from "../payments/keep-receipt.ts";
import { checkedReceipt } from "../payments/receipt.ts";
import { findReceipt, listUnapplied, type ReceiptRow, readUses } from "../payments/receipt-store.ts";
import { formatInstant } from "../time/instant.ts";
import { readInvoice } from "./find-invoice.ts";
import { PositiveMinor, RECEIVED, ReconciliationView, reconciliationView, UnappliedView, unappliedView } from "./receipt-view.ts";
import { reconcile } from "./reconcile.ts";
import { readLines } from "./store.ts";
import { applyReceipt, keepAsBalance, noteReturned } from "./use-receipt.ts";
import { invoiceView } from "./view.ts";

const OfTenant = Type.Object({ tenant_id: Type.String() });
const OfOne = Type.Object({ id: Type.String({ maxLength: 64 }) });
const Part = Type.Optional(PositiveMinor("A part, in minor units; all that is left if not said."));

export function receiptRoutes(app: FastifyInstance, ctx: Context): void {
  const db = onPool(ctx.pool);
  const unapplied = async (on: Database, row: ReceiptRow) =>
    unappliedView(row, (await readUses(on, row.tenant_id, [row.id])).get(row.id) ?? []);
  const one = async (id: string, tenantId: string | null): Promise<ReceiptRow> => {
    const row = isId("receipt", id) ? await findReceipt(db, id, tenantId) : null;
    if (!row || row.invoice_id !== null) throw new Refusal("not_found", "There is no such unapplied payment.");
    return row;
  };

  const reconciliation = async (id: string, tenantId: string) => {
    const row = (await findReceipt(db, id, tenantId))!;
    const invoice = await readInvoice(db, row.invoice_id ?? "", tenantId);
    const lines = (await readLines(db, [tenantId], [invoice.id])).get(invoice.id) ?? [];
    const uses = (await readUses(db, tenantId, [id])).get(id) ?? [];
    return reconciliationView(row, uses, invoiceView(invoice, lines, ctx.config));
  };

  route(app, ctx, {
    method: "POST",
    url: "/v1/invoices/:id/reconcile",
    permission: "operate",
    summary: "Report a bank transfer or other payment from outside: it settles the invoice, once per reference",
    params: OfOne,
    body: Closed(RECEIVED),
    response: { 200: ReconciliationView, 201: ReconciliationView },
    handle: async ({ params, body, principal, write, reply }) => {
      const { id, tenant_id } = await readInvoice(db, params.id, principal.tenantId);
      let status = 201;
      const kept = await write(
        async (tx) => {
          const received = checkedReceipt(body, tx.now);
          const { row, fresh } = await reconcile(tx, { ...received, currency: body.currency, invoiceId: id, tenantId: tenant_id });
          if (!fresh) status = 200;
          return { receipt: row.id };
        },
        { status: () => status, tenantId: tenant_id },
      );
      // What settles the invoice is a reaction to the payment, so that the answer is read after the write.
      if (kept instanceof Printed && reply.statusCode >= 400) return kept;
      const { receipt } = (kept instanceof Printed ? JSON.parse(String(kept.json)) : kept) as { receipt: string };
      return reconciliation(receipt, tenant_id);
    },
  });

  route(app, ctx, {
    method: "POST",
    url: "/v1/tenants/:tenant_id/unapplied-payments",
    permission: "operate",
    summary: "Report money from outside that fits no invoice: kept, to be applied later",
    params: OfTenant,
    body: Closed(RECEIVED),
    response: { 200: UnappliedView, 201: UnappliedView },
    handle: async ({ params, body, write }) => {
      const tenant = await ctx.tenants.find(params.tenant_id);
      if (!tenant) throw tenantNotFound(params.tenant_id);
      const currency = body.currency ?? tenant.currency;
      if (currency === null) throw invalidField("currency", "must be said: the tenant has none");
      let status = 201;
      return write(
        async (tx) => {
          const { row, fresh } = await keepUnapplied(tx, { ...checkedReceipt(body, tx.now), currency, tenantId: params.tenant_id });
          if (!fresh) status = 200;
          return unapplied(tx, row);
        },
        { status: () => status },
      );
    },
  });

  route(app, ctx, {
    method: "GET",
    url: "/v1/tenants/:tenant_id/unapplied-payments",
    permission: "billing.read",
    summary: "List money that fitted no invoice when it came, and what became of it",
    params: OfTenant,
    query: Closed({
      ...ListQuery,
      status: Type.Optional(OneOf(["open", "all"], "open: those of which something is left; all if not said.")),
    }),
    response: { 200: Page(UnappliedView) },
    handle: async ({ params: { tenant_id: tenantId }, query }) => {
      if (!(await ctx.tenants.find(tenantId))) throw tenantNotFound(tenantId);
      const limit = query.limit ?? DEFAULT_LIMIT;
      const filter = { open: query.status === "open", before: decodeMoment(query.cursor), limit: limit + 1 };
      const rows = await listUnapplied(db, tenantId, filter);
      const ids = rows.map((row) => row.id);
      const uses = await readUses(db, tenantId, ids);
      return pageOf(
        rows,
        limit,
        (row) => unappliedView(row, uses.get(row.id) ?? []),
        (row) => [formatInstant(row.created_at), row.id],
      );
    },
  });

  route(app, ctx, {
    method: "GET",
    url: "/v1/unapplied-payments/:id",
    permission: "billing.read",
    summary: "Read one of them",
    params: OfOne,
    response: { 200: UnappliedView },
    handle: async ({ params, principal }) => unapplied(db, await one(params.id, principal.tenantId)),
  });

  route(app, ctx, {
    method: "POST",
    url: "/v1/unapplied-payments/:id/apply",
    permission: "operate",
    summary: "Apply a part or all of it to an invoice of the tenant",
    params: OfOne,
    body: Closed({
      invoice: Text(64, "The id of an invoice of the tenant."),
      amount: Type.Optional(PositiveMinor("A part, in minor units; all that is left or due, whichever is less, if not said.")),
    }),
    response: { 200: UnappliedView },
    handle: async ({ params, body, principal, write }) => {
      const { id, tenant_id: tenantId } = await one(params.id, principal.tenantId);
      const amount = body.amount === undefined ? undefined : BigInt(body.amount);
      return write(async (tx) => unapplied(tx, await applyReceipt(tx, { receiptId: id, tenantId, invoiceId: body.invoice, amount })), {
        tenantId,
      });
    },
  });

  for (const [step, summary, act] of [
    ["balance", "Keep a part or all of it as the tenant's balance", keepAsBalance],
    ["return", "Note that a part or all of it was given back, outside", noteReturned],
  ] as const) {
    route(app, ctx, {
      method: "POST",
      url: `/v1/unapplied-payments/:id/${step}`,
      permission: "operate",
      summary,
      params: OfOne,
      body: Type.Optional(Closed({ amount: Part, note: Type.Optional(Text(500)) })),
      response: { 200: UnappliedView },
      handle: async ({ params, body, principal, write }) => {
        const { id, tenant_id: tenantId } = await one(params.id, principal.tenantId);
        const amount = body?.amount === undefined ? undefined : BigInt(body.amount);
        return write(async (tx) => unapplied(tx, await act(tx, { receiptId: id, tenantId, amount, note: body?.note })), { tenantId });
      },
    });
  }
}
