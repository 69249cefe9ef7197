/** HTTP of meters, features, credit events and credit products: list, read, create or change one. */
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { requirePlatform } from "../../auth/platform.ts";
import type { Context } from "../../context.ts";
import { onPool } from "../../db/pool.ts";
import { type ErrorCode, Refusal } from "../../errors.ts";
import { route } from "../../http/route.ts";
import { Key, ListQuery, Page } from "../../http/schema.ts";
import { ITEMS, itemAnswer, keyless } from "./answers.ts";
import { applyOne } from "./apply-one.ts";
import type { ItemKind } from "./canonical.ts";
import { pageByKey } from "./page.ts";
import { readItems } from "./store.ts";
import { itemView } from "./view.ts";

const UNKNOWN: Record<ItemKind, ErrorCode> = {
  meter: "meter_not_found",
  feature: "feature_not_found",
  credit_event: "not_found",
  credit_product: "not_found",
  coupon: "not_found",
  tax_rate: "not_found",
};

export function catalogItemRoutes(app: FastifyInstance, ctx: Context): void {
  for (const kind of Object.keys(ITEMS) as ItemKind[]) itemRoutes(app, ctx, kind);
}

function itemRoutes(app: FastifyInstance, ctx: Context, kind: ItemKind): void {
  const { path, name, body } = ITEMS[kind];
  const answer = itemAnswer(body);
  const db = onPool(ctx.pool);

  route(app, ctx, {
    method: "GET",
    url: `/v1/${path}`,
    permission: "billing.read",
    summary: `List the ${name}s, in the order of the catalog`,
    query: Type.Object({ ...ListQuery, include_archived: Type.Optional(Type.Boolean()) }, { additionalProperties: false }),
    response: { 200: Page(answer) },
    handle: async ({ query }) => {
      const items = (await readItems(db)).filter((item) => item.kind === kind && (query.include_archived || item.archived_at === null));
      return pageByKey(items, query, itemView);
    },
  });

  route(app, ctx, {
    method: "GET",
    url: `/v1/${path}/:key`,
    permission: "billing.read",
    summary: `Read one ${name}`,
    params: Type.Object({ key: Type.String() }),
    response: { 200: answer },
    handle: async ({ params }) => {
      const item = (await readItems(db)).find((candidate) => candidate.kind === kind && candidate.key === params.key);
      if (!item) throw new Refusal(UNKNOWN[kind], `There is no ${name} ${JSON.stringify(params.key.slice(0, 100))}.`);
      return itemView(item);
    },
  });

  route(app, ctx, {
    method: "PUT",
    url: `/v1/${path}/:key`,
    permission: "admin",
    summary: `Create or change one ${name}`,
    params: Type.Object({ key: Key() }),
    body: keyless(body),
    response: { 200: answer, 201: answer },
    handle: async ({ params, body: given, principal, write }) => {
      requirePlatform(principal);
      let created = false;
      return write(
        async (tx) => {
          created = (await applyOne(tx, kind, params.key, given as never)).action === "create";
          return itemView((await readItems(tx)).find((item) => item.kind === kind && item.key === params.key)!);
        },
        { status: () => (created ? 201 : 200) },
      );
    },
  });
}
