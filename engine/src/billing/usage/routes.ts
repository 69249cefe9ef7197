/** HTTP of usage. */
import type { FastifyInstance } from "fastify";
import type { Context } from "../../context.ts";
import { invalidField, tenantNotFound } from "../../errors.ts";
import { DEFAULT_LIMIT } from "../../http/list.ts";
import { Printed, route } from "../../http/route.ts";
import { validatorFor } from "../../http/validate.ts";
import type { TenantRef } from "../tenants/cache.ts";
import { type Instant, parseInstant } from "../time/instant.ts";
import { windowAt } from "../time/window.ts";
import { fromCloudEvents, fromNdjson } from "./incoming.ts";
import { ingest, type Usage, withKey } from "./ingest.ts";
import { readEvents } from "./list-events.ts";
import { queueUsage } from "./queue-usage.ts";
import { readUsage } from "./read-usage.ts";
import { printOutcome, printOutcomes } from "./receipt.ts";
import { EventsPage, EventsQuery, OfTenant, QueuedAnswer, UsageAnswer, UsageBody, UsagePage, UsageQuery } from "./schema.ts";

const BODY_LIMIT = 8 * 1_048_576;

/** What a parser of another form than ours made of a body. */
class Parsed {
  readonly usage: Usage;
  constructor(usage: Usage) {
    this.usage = usage;
  }
}

export function usageRoutes(app: FastifyInstance, ctx: Context): void {
  // A scope of its own: the other forms of events are no bodies of other routes.
  void app.register((scope, _options, done) => {
    const parsers: [string, (text: string) => Usage][] = [
      ["application/x-ndjson", fromNdjson],
      ["application/cloudevents+json", (text) => fromCloudEvents(text, false)],
      ["application/cloudevents-batch+json", (text) => fromCloudEvents(text, true)],
    ];
    for (const [type, parse] of parsers) {
      scope.addContentTypeParser(type, { parseAs: "string" }, async (_request: unknown, text: string) => new Parsed(parse(text)));
    }
    scope.setValidatorCompiler(({ schema, httpPart }) => (httpPart === "body" ? () => true : validatorFor(schema as object, httpPart)));
    recordRoute(scope, ctx);
    done();
  });
  readRoutes(app, ctx);
}

function recordRoute(app: FastifyInstance, ctx: Context): void {
  route(app, ctx, {
    method: "POST",
    url: "/v1/usage",
    permission: "usage.write",
    summary: "Record one usage event, or up to 10,000; also as NDJSON and CloudEvents 1.0",
    body: UsageBody,
    response: { 202: UsageAnswer },
    bodyLimit: BODY_LIMIT,
    handle: async ({ body, request, reply, principal }) => {
      const usage = withKey(usageOf(body), request.headers["idempotency-key"]);
      const outcomes = await ingest(ctx, principal, usage);
      reply.status(202);
      return new Printed(usage.batch ? printOutcomes(outcomes) : printOutcome(outcomes[0]!));
    },
  });

  route(app, ctx, {
    method: "POST",
    url: "/v1/usage/async",
    permission: "usage.write",
    summary: "Queue usage in any form that POST /v1/usage takes: checked now, stored by a worker",
    body: UsageBody,
    response: { 202: QueuedAnswer },
    bodyLimit: BODY_LIMIT,
    handle: async ({ body, request, reply, principal }) => {
      const queued = await queueUsage(ctx, principal, withKey(usageOf(body), request.headers["idempotency-key"]));
      reply.status(202);
      return { queued };
    },
  });
}

function usageOf(body: unknown): Usage {
  if (body instanceof Parsed) return body.usage;
  if (Array.isArray(body)) return { events: body, batch: true };
  if (body === null || typeof body !== "object") throw invalidField("", "must be an event or an array of events");
  return { events: [body as Record<string, unknown>], batch: false };
}

function readRoutes(app: FastifyInstance, ctx: Context): void {
  route(app, ctx, {
    method: "GET",
    url: "/v1/tenants/:tenant_id/usage",
    permission: "billing.read",
    summary: "What the tenant has consumed, by meter and time",
    params: OfTenant,
    query: UsageQuery,
    response: { 200: UsagePage },
    handle: async ({ params, query }) => {
      const tenant = await tenantOf(ctx, params.tenant_id);
      return readUsage(ctx, {
        tenant,
        ...(await timeOf(ctx, tenant, query)),
        meter: query.meter ?? null,
        granularity: query.granularity ?? "total",
        groupBy: [...new Set((query.group_by ?? "").split(",").filter((name) => name !== ""))],
        cursor: query.cursor,
        limit: query.limit ?? DEFAULT_LIMIT,
      });
    },
  });

  route(app, ctx, {
    method: "GET",
    url: "/v1/tenants/:tenant_id/usage/events",
    permission: "billing.read",
    summary: "The raw events of the tenant, newest first",
    params: OfTenant,
    query: EventsQuery,
    response: { 200: EventsPage },
    handle: async ({ params, query }) =>
      readEvents(ctx, {
        tenant: await tenantOf(ctx, params.tenant_id),
        event: query.event ?? null,
        from: query.from === undefined ? null : parseInstant(query.from),
        to: query.to === undefined ? null : parseInstant(query.to),
        cursor: query.cursor,
        limit: query.limit ?? DEFAULT_LIMIT,
      }),
  });
}

async function tenantOf(ctx: Context, tenantId: string): Promise<TenantRef> {
  const tenant = await ctx.tenants.find(tenantId);
  if (!tenant) throw tenantNotFound(tenantId);
  return tenant;
}

/** The time asked for: up to the end of the tenant's day, from the start of its month, where nothing else is said. */
async function timeOf(ctx: Context, tenant: TenantRef, query: { from?: string; to?: string }): Promise<{ from: Instant; to: Instant }> {
  const now = await ctx.tenants.now(tenant);
  const to = query.to === undefined ? windowAt("day", tenant.timeZone, now, null).end : parseInstant(query.to)!;
  const from = query.from === undefined ? windowAt("month", tenant.timeZone, Math.min(now, to - 1), null).start : parseInstant(query.from)!;
  if (from >= to) throw invalidField("to", "must be after from");
  return { from, to };
}
