/**
 * How a room puts an action or a read on the wire: schema, permission, one call. Everything that every route shares
 * (who asks, tenant confinement, idempotency, status) is here, so that a routes file holds no rule.
 */
import { createHash } from "node:crypto";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Static, TSchema } from "typebox";
import { allows, type Permission, type Principal, PUBLIC } from "../auth/principal.ts";
import { isTenantId } from "../billing/tenants/tenant.ts";
import { commitAnswer, type Origin, type Outcome, type Tx } from "../commit.ts";
import type { Context } from "../context.ts";
import { confinedTo } from "../db/scope.ts";
import { invalidField, Refusal, tenantNotFound } from "../errors.ts";
import { toJson } from "./json.ts";
import { isOptional } from "./schema.ts";

export interface RouteSpec<P extends TSchema, Q extends TSchema, B extends TSchema> {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  url: string;
  permission: Permission;
  summary: string;
  params?: P;
  query?: Q;
  body?: B;
  /** Answer schemas by status, for the OpenAPI document. */
  response?: Record<number, TSchema>;
  /**
   * Fields of the body that are for the operator, not for who is billed: with any value, or with these. Whoever is confined to a
   * tenant is refused for sending one.
   */
  operatorFields?: Readonly<Record<string, "any" | readonly unknown[]>>;
  bodyLimit?: number;
  /** `false`: not in the OpenAPI document. */
  documented?: boolean;
  handle(asked: Asked<P, Q, B>): Promise<unknown>;
}

export interface Asked<P extends TSchema, Q extends TSchema, B extends TSchema> {
  params: Static<P>;
  query: Static<Q>;
  body: Static<B>;
  principal: Principal;
  request: FastifyRequest;
  reply: FastifyReply;
  /**
   * Opens the write door for one action, with the request's idempotency key and, for a tenant's route, its clock (`tenantId: null`:
   * the engine's). A function as `status` is asked after the action. `across`: it concerns more than the tenant.
   */
  write<T>(
    action: (tx: Tx) => Promise<T>,
    options?: { status?: number | (() => number); tenantId?: string | null; across?: boolean },
  ): Promise<unknown>;
}

declare module "fastify" {
  interface FastifyContextConfig {
    permission?: Permission;
  }
  interface FastifyRequest {
    principal: Principal;
  }
}

/** An answer that is already printed: a replay, a hot path that prints its own JSON, or another form than JSON. */
export class Printed {
  readonly json: string | Buffer;
  constructor(json: string | Buffer) {
    this.json = json;
  }
}

const TAGS: [RegExp, string][] = [
  [/quote|catalog|plans|meters|features|credit-(events|products)/, "Catalog"],
  [/credits/, "Credits"],
  [/usage/, "Usage"],
  [/entitlements/, "Entitlements"],
  [/subscription/, "Subscription"],
  [/invoice|payment|checkout|portal|refund|bank-statement/, "Invoices and payments"],
  [/events|webhook/, "Events and webhooks"],
  [/tenants/, "Tenants"],
];

export function route<P extends TSchema, Q extends TSchema, B extends TSchema>(
  app: FastifyInstance,
  ctx: Context,
  spec: RouteSpec<P, Q, B>,
): void {
  const tag = TAGS.find(([form]) => form.test(spec.url))?.[1] ?? "Operations";
  app.route({
    method: spec.method,
    url: spec.url,
    config: { permission: spec.permission },
    ...(spec.bodyLimit === undefined ? {} : { bodyLimit: spec.bodyLimit }),
    schema: {
      summary: spec.summary,
      tags: [tag],
      ...(spec.documented === false ? { hide: true } : {}),
      ...(spec.params ? { params: spec.params } : {}),
      ...(spec.query ? { querystring: spec.query } : {}),
      ...(spec.body ? { body: spec.body } : {}),
      ...(spec.response ? { response: spec.response } : {}),
    },
    onRequest: async (request) => {
      const params = request.params as { tenant_id?: string } | undefined;
      if (params?.tenant_id !== undefined) confine(request.principal, params.tenant_id);
      refuseNul(params, request.query);
    },
    ...(isOptional(spec.body) ? { preValidation: fillBody } : {}),
    handler: async (request, reply) => {
      const principal = request.principal;
      if (spec.operatorFields && principal.tenantId !== null) refuseFields(spec.operatorFields, request.body);
      const handle = (asked: Asked<P, Q, B>) =>
        principal.tenantId === null ? spec.handle(asked) : confinedTo(principal.tenantId, () => spec.handle(asked));
      const answer = await handle({
        params: request.params as Static<P>,
        query: request.query as Static<Q>,
        body: request.body as Static<B>,
        principal,
        request,
        reply,
        write: async (action, options = {}) => {
          const tenantId = options.tenantId === undefined ? (request.params as { tenant_id?: string }).tenant_id : options.tenantId;
          const outcome: Outcome<unknown> = await commitAnswer(
            ctx,
            {
              principal,
              origin: originOf(request),
              source: "api",
              idempotency: idempotencyOf(request, principal),
              ...(tenantId == null ? {} : { tenantId }),
              ...(options.across ? { across: true } : {}),
            },
            async (tx) => {
              const body = await action(tx);
              return { status: typeof options.status === "function" ? options.status() : (options.status ?? 200), body };
            },
          );
          reply.status(outcome.status);
          if (!outcome.replayed) return outcome.body;
          reply.header("Idempotent-Replayed", "true");
          if (outcome.status >= 400) reply.header("content-type", "application/problem+json; charset=utf-8");
          return new Printed(outcome.replayed.json);
        },
      });
      // A stream writes for itself from here on.
      if (reply.sent) return reply;
      if (!reply.hasHeader("content-type")) reply.header("content-type", "application/json; charset=utf-8");
      return reply.send(answer instanceof Printed ? answer.json : toJson(answer));
    },
  });
}

/**
 * What a write answered under this name, or had answered before under the same key: of routes that write down what is asked, and then ask
 * for it outside. null: it was refused, and the answer says so.
 */
export function writtenText(answer: unknown, name: string): string | null {
  const body: unknown = answer instanceof Printed ? JSON.parse(String(answer.json)) : answer;
  const value = typeof body === "object" && body !== null ? Object.entries(body).find(([key]) => key === name)?.[1] : undefined;
  return typeof value === "string" ? value : null;
}

function refuseFields(fields: Readonly<Record<string, "any" | readonly unknown[]>>, body: unknown): void {
  for (const [name, values] of Object.entries(fields)) {
    const value = (body as Record<string, unknown> | null | undefined)?.[name];
    if (value === undefined || (values !== "any" && !values.includes(value))) continue;
    const message = values === "any" ? "is for the operator to say" : `${JSON.stringify(value)} is for the operator to say`;
    throw new Refusal("forbidden", `${name} ${message}.`, { faults: [{ path: name, message }] });
  }
}

/** The one character that no text of PostgreSQL holds: nothing is called so, and nothing can be asked for by it. */
function refuseNul(params: object | undefined, query: unknown): void {
  const holds = (value: unknown) => typeof value === "string" && value.includes("\0");
  if (Object.values(params ?? {}).some(holds)) throw new Refusal("not_found", "Nothing can be called so: the address has a NUL character.");
  for (const [name, value] of Object.entries(query ?? {})) if (holds(value)) throw invalidField(name, "must not have a NUL character");
}

// Where a body may be left out, none is the empty one: Fastify would hold its absence against the schema.
async function fillBody(request: FastifyRequest): Promise<void> {
  if (request.body === undefined) request.body = {};
}

/** Refuses what the route does not permit; run before the body is read. */
export function authorize(principal: Principal, permission: Permission | undefined): void {
  // A route that declares nothing is closed: forgetting must not open it.
  const needed = permission ?? "admin";
  if (allows(principal, needed)) return;
  if (principal === PUBLIC) throw new Refusal("unauthenticated", "Send credentials as `Authorization: Bearer …`.");
  throw new Refusal("forbidden", `This needs the scope ${needed}.`);
}

/** Another tenant's data does not exist for a principal that is confined to its own. */
export function confine(principal: Principal, tenantId: string): void {
  if (!isTenantId(tenantId) || (principal.tenantId !== null && principal.tenantId !== tenantId)) throw tenantNotFound(tenantId);
}

/** Where a request comes from, for the audit log. */
export function originOf(request: FastifyRequest): Origin {
  return {
    action: `${request.method} ${request.routeOptions.url ?? ""}`,
    requestId: request.id,
    ip: request.ip,
    userAgent: request.headers["user-agent"]?.slice(0, 255) ?? null,
  };
}

function idempotencyOf(request: FastifyRequest, principal: Principal) {
  const key = request.headers["idempotency-key"];
  if (key === undefined) return undefined;
  if (typeof key !== "string" || !/^[\x20-\x7e]{1,255}$/.test(key)) {
    throw invalidField("Idempotency-Key", "must have 1 to 255 printable characters");
  }
  const fingerprint = createHash("sha256")
    .update(`${request.method}\n${request.url}\n${toJson(request.body ?? null)}`)
    .digest();
  return { scope: principal.tenantId ?? "platform", key, fingerprint };
}
