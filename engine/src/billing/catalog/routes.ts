/** HTTP of the catalog: the document and the plans. The things beside plans are in `item-routes.ts`. */
import type { FastifyInstance } from "fastify";
import { type Static, Type } from "typebox";
import { requirePlatform } from "../../auth/platform.ts";
import type { Context } from "../../context.ts";
import { onPool } from "../../db/pool.ts";
import { invalidField, Refusal } from "../../errors.ts";
import { route } from "../../http/route.ts";
import { Key, ListQuery, OneOf } from "../../http/schema.ts";
import { formatInstant } from "../time/instant.ts";
import { AppliedAnswer, DiffAnswer, keyless, PlanAnswer, PlansAnswer } from "./answers.ts";
import { applyCatalog, previewCatalog } from "./apply.ts";
import { applyOne } from "./apply-one.ts";
import { CatalogBody, type FeatureDocument, PlanBody, type PlanDocument } from "./document.ts";
import { catalogItemRoutes } from "./item-routes.ts";
import { pageByKey } from "./page.ts";
import { readStored, type StoredRows } from "./store.ts";
import { byGroup, documentOf, planView } from "./view.ts";

const DryRun = Type.Object(
  { dry_run: Type.Optional(Type.Boolean({ description: "Answer what would change, and change nothing." })) },
  { additionalProperties: false },
);

export function catalogRoutes(app: FastifyInstance, ctx: Context): void {
  documentRoutes(app, ctx);
  planRoutes(app, ctx);
  catalogItemRoutes(app, ctx);
}

function documentRoutes(app: FastifyInstance, ctx: Context): void {
  const db = onPool(ctx.pool);

  route(app, ctx, {
    method: "GET",
    url: "/v1/catalog",
    permission: "billing.read",
    summary: "Read the catalog document",
    response: { 200: CatalogBody },
    handle: async () => documentOf(await readStored(db)),
  });

  route(app, ctx, {
    method: "PUT",
    url: "/v1/catalog",
    permission: "admin",
    summary: "Replace the catalog document, or answer what that would change",
    query: DryRun,
    body: CatalogBody,
    response: { 200: Type.Union([AppliedAnswer, DiffAnswer]) },
    handle: async ({ query, body, principal, write }) => {
      requirePlatform(principal);
      if (query.dry_run) return { changes: await previewCatalog(db, body) };
      return write(async (tx) => {
        const changes = await applyCatalog(tx, body);
        return { ...documentOf(await readStored(tx)), changes };
      });
    },
  });
}

function planRoutes(app: FastifyInstance, ctx: Context): void {
  const db = onPool(ctx.pool);

  route(app, ctx, {
    method: "GET",
    url: "/v1/plans",
    permission: "any",
    summary: "List the plans on sale, those of one group together; or those that Stripe sells, as it sells them",
    query: Type.Object(
      {
        ...ListQuery,
        include_archived: Type.Optional(Type.Boolean()),
        source: Type.Optional(
          OneOf(
            ["catalog", "stripe"],
            "catalog if not said. stripe: the plans that have a price there, each with its `offer`; listed there every ten minutes at most.",
          ),
        ),
      },
      { additionalProperties: false },
    ),
    response: { 200: PlansAnswer },
    handle: async ({ query, principal }) => {
      const stored = await readStored(db);
      const plans = byGroup(stored.plans.filter((plan) => query.include_archived || plan.archived_at === null));
      const features = featuresOf(stored);
      if (query.source !== "stripe") return pageByKey(plans, query, (plan) => planView(plan, features));
      const processor = ctx.processors.outside("stripe");
      if (!processor) throw invalidField("source", "stripe is not configured on this engine");
      const offers = await processor.offers(ctx);
      const sold = plans.filter((plan) => offers.plans.has(plan.key));
      return {
        ...pageByKey(sold, query, (plan) => ({ ...planView(plan, features), offer: offers.plans.get(plan.key) })),
        source: "stripe",
        fetched_at: formatInstant(offers.fetchedAt),
        stale: offers.stale,
        // What is sold to some alone is not for everybody to see.
        ...(principal.tenantId === null ? { unmapped: offers.unmapped } : {}),
      };
    },
  });

  route(app, ctx, {
    method: "GET",
    url: "/v1/plans/:plan",
    permission: "any",
    summary: "Read one plan with its prices, features and limits",
    params: Type.Object({ plan: Type.String() }),
    response: { 200: PlanAnswer },
    handle: async ({ params }) => onePlan(await readStored(db), params.plan),
  });

  route(app, ctx, {
    method: "PUT",
    url: "/v1/plans/:plan",
    permission: "admin",
    summary: "Create or change one plan; changed terms are a new version",
    params: Type.Object({ plan: Key() }),
    body: keyless(PlanBody),
    response: { 200: PlanAnswer, 201: PlanAnswer },
    handle: async ({ params, body, principal, write }) => {
      requirePlatform(principal);
      let created = false;
      return write(
        async (tx) => {
          created = (await applyOne(tx, "plan", params.plan, body as unknown as PlanDocument)).action === "create";
          return onePlan(await readStored(tx), params.plan);
        },
        { status: () => (created ? 201 : 200) },
      );
    },
  });
}

function onePlan(stored: StoredRows, key: string): Static<typeof PlanAnswer> {
  const plan = stored.plans.find((candidate) => candidate.key === key);
  if (!plan) throw new Refusal("plan_not_found", `There is no plan ${JSON.stringify(key.slice(0, 100))}.`);
  return planView(plan, featuresOf(stored)) as unknown as Static<typeof PlanAnswer>;
}

function featuresOf(stored: StoredRows): Map<string, FeatureDocument> {
  return new Map(stored.items.filter((item) => item.kind === "feature").map((item) => [item.key, item.body as unknown as FeatureDocument]));
}
