/** HTTP of credits: balance, ledger, consumption, grants, gifts. */
import type { FastifyInstance } from "fastify";
import { commit } from "../../commit.ts";
import type { Context } from "../../context.ts";
import { onPool } from "../../db/pool.ts";
import { tenantNotFound } from "../../errors.ts";
import { DEFAULT_LIMIT, decodeNumber, pageOf } from "../../http/list.ts";
import { originOf, route } from "../../http/route.ts";
import { BEGINNING } from "../time/instant.ts";
import { transactionOf } from "./answer.ts";
import { consumeRequest, grantInput, keyOf, positive } from "./ask.ts";
import { readBalance } from "./balance.ts";
import { consume } from "./consume.ts";
import { findTransaction, listTransactions } from "./consume-store.ts";
import { notOnSale } from "./cost.ts";
import { insufficientCredits, keyReused } from "./earlier.ts";
import { giveCredits } from "./give-credits.ts";
import { grantCredits } from "./grant-credits.ts";
import { holdRoutes } from "./hold-routes.ts";
import * as schema from "./schema.ts";
import { proveCredits } from "./verify.ts";
import { balanceView, grantView, transactionView } from "./view.ts";

export function creditRoutes(app: FastifyInstance, ctx: Context): void {
  readRoutes(app, ctx);
  consumeRoute(app, ctx);
  grantRoutes(app, ctx);
  holdRoutes(app, ctx);
  verifyRoute(app, ctx);
}

function readRoutes(app: FastifyInstance, ctx: Context): void {
  route(app, ctx, {
    method: "GET",
    url: "/v1/tenants/:tenant_id/credits",
    permission: "billing.read",
    summary: "The credits of a tenant: what can be spent, what is held, and the grants",
    params: schema.OfTenant,
    response: { 200: schema.BalanceView },
    handle: async ({ params: { tenant_id: id } }) => {
      const tenant = await ctx.tenants.find(id);
      if (!tenant) throw tenantNotFound(id);
      return balanceView(id, await readBalance(onPool(ctx.pool), id, await ctx.tenants.now(tenant)));
    },
  });

  route(app, ctx, {
    method: "GET",
    url: "/v1/tenants/:tenant_id/credits/transactions",
    permission: "billing.read",
    summary: "The ledger of a tenant's credits, newest first",
    params: schema.OfTenant,
    query: schema.TransactionsQuery,
    response: { 200: schema.TransactionsPage },
    handle: async ({ params: { tenant_id: id }, query }) => {
      if (!(await ctx.tenants.find(id))) throw tenantNotFound(id);
      const limit = query.limit ?? DEFAULT_LIMIT;
      const before = decodeNumber(query.cursor);
      const types = query.type === undefined ? null : [query.type];
      const rows = await listTransactions(onPool(ctx.pool), id, { types, before, limit: limit + 1 });
      return pageOf(
        rows,
        limit,
        (row) => transactionView(transactionOf(row)),
        (row) => [row.seq.toString()],
      );
    },
  });
}

function verifyRoute(app: FastifyInstance, ctx: Context): void {
  route(app, ctx, {
    method: "GET",
    url: "/v1/credits/verify",
    permission: "billing.read",
    summary: "Prove the ledger of credits: every tenant's, or the caller's own",
    response: { 200: schema.VerifyView },
    handle: async ({ principal }) => {
      const checks = await proveCredits(onPool(ctx.pool), principal.tenantId);
      return { ok: checks.every(({ wrong }) => wrong === 0), checks };
    },
  });
}

function consumeRoute(app: FastifyInstance, ctx: Context): void {
  route(app, ctx, {
    method: "POST",
    url: "/v1/tenants/:tenant_id/credits/consume",
    permission: "usage.write",
    summary: "Consume credits, by a credit event or an amount: all or nothing",
    params: schema.OfTenant,
    body: schema.ConsumeBody,
    response: { 200: schema.TransactionView },
    handle: async ({ params: { tenant_id: id }, body, request, reply }) => {
      const key = keyOf(body, request.headers["idempotency-key"]);
      const catalog = await ctx.catalog.current();
      const answer = await consume(ctx, consumeRequest(id, body, key, catalog));
      switch (answer.outcome) {
        case "consumed":
          if (answer.replayed) reply.header("Idempotent-Replayed", "true");
          return transactionView(answer.transaction);
        case "insufficient":
          if (answer.replayed) reply.header("Idempotent-Replayed", "true");
          throw insufficientCredits(answer);
        case "inactive":
          throw notOnSale(catalog, body.event_name!);
        default:
          throw keyReused();
      }
    },
  });
}

function grantRoutes(app: FastifyInstance, ctx: Context): void {
  route(app, ctx, {
    method: "POST",
    url: "/v1/tenants/:tenant_id/credits/grants",
    permission: "operate",
    summary: "Grant credits",
    params: schema.OfTenant,
    body: schema.GrantBody,
    response: { 201: schema.GrantView },
    handle: async ({ params: { tenant_id: id }, body, request, reply, principal }) => {
      const key = keyOf(body, request.headers["idempotency-key"]);
      const { grant, replayed } = await commit(ctx, { principal, origin: originOf(request), tenantId: id, source: "api" }, (tx) =>
        // Whether it has expired is asked where it is new: sent again later, it answers as before.
        grantCredits(tx, { ...grantInput(id, body, key, BEGINNING), refuseExpired: true }),
      );
      reply.status(201);
      if (replayed) reply.header("Idempotent-Replayed", "true");
      return grantView({ ...grant, remaining: grant.amount, held: "0" });
    },
  });

  route(app, ctx, {
    method: "POST",
    url: "/v1/tenants/:tenant_id/credits/transfers",
    permission: "billing.write",
    summary: "Give credits to another tenant, with the time they have",
    params: schema.OfTenant,
    body: schema.GiftBody,
    response: { 201: schema.TransactionView },
    handle: async ({ params: { tenant_id: id }, body, request, reply, principal }) => {
      const key = keyOf(body, request.headers["idempotency-key"]);
      const input = { from: id, to: body.to, amount: positive("amount", body.amount), reason: body.reason ?? null, key };
      const given = await commit(ctx, { principal, origin: originOf(request), tenantId: id, across: true, source: "api" }, (tx) =>
        giveCredits(tx, input),
      );
      if (given.outcome === "insufficient") throw insufficientCredits(given);
      reply.status(201);
      if (given.replayed) reply.header("Idempotent-Replayed", "true");
      return transactionView(transactionOf(await findTransaction(onPool(ctx.pool), id, given.seq)));
    },
  });
}
