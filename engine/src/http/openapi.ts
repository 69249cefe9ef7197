/** The OpenAPI 3.1 document, from the routes as they are registered: what each says of itself, and what all of them share. */
import type { FastifyDynamicSwaggerOptions } from "@fastify/swagger";
import type { Permission } from "../auth/principal.ts";
import { ERROR_CODES } from "../errors.ts";
import { isOptional } from "./schema.ts";

type Json = Record<string, unknown>;

interface Operation extends Json {
  responses: Record<string, Json>;
  parameters?: (Json & { name: string; in: string })[];
  security?: unknown[];
}

export const documentation = {
  openapi: {
    openapi: "3.1.0",
    info: {
      title: "Billwright",
      version: "1.0.0",
      description: "The HTTP API of the Billwright billing engine.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    components: {
      securitySchemes: {
        bearer: {
          type: "http",
          scheme: "bearer",
          description: "A secret API key (bw_live_… or bw_test_…) of a server, or a JWT of a person.",
        },
      },
    },
    security: [{ bearer: [] }],
  },
  transform: ({ schema, url, route }) => {
    const permission = (route.config as { permission?: Permission } | undefined)?.permission ?? "admin";
    const about = {
      operationId: operationIdOf(String(route.method), url),
      description: WHO[permission],
      ...(permission === "public" ? { security: [] } : {}),
      ...(isOptional(schema?.body) ? { [OPTIONAL_BODY]: true } : {}),
    };
    return { schema: { ...about, ...schema } as typeof schema, url };
  },
  transformObject: (document) =>
    "openapiObject" in document ? completed(document.openapiObject as unknown as Json) : document.swaggerObject,
} satisfies FastifyDynamicSwaggerOptions;

const WHO: Record<Permission, string> = {
  public: "Needs no credentials.",
  any: "Needs credentials, with any scope.",
  "billing.read": "Needs the scope `billing.read`.",
  "billing.write": "Needs the scope `billing.write`.",
  "usage.write": "Needs the scope `usage.write`.",
  operate: "Needs the scope `billing.write`, of a key that is not confined to one tenant.",
  admin: "Needs the scope `admin`.",
};

const OPTIONAL_BODY = "x-optional-body";

/** `GET /v1/tenants/:tenant_id/invoices` → `getTenantsInvoices`; a parameter is named where it ends the path. */
export function operationIdOf(method: string, url: string): string {
  const parts = url.split("/").filter((part) => part !== "" && part !== "v1");
  const words = parts.flatMap((part, index) => {
    const name = part.replace(/^[:{]|}$/g, "").split(/[-_]/);
    if (/^[:{]/.test(part)) return index === parts.length - 1 ? ["by", ...name] : [];
    return name;
  });
  return method.toLowerCase() + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
}

function completed(document: Json): Json {
  // A copy: the schemas in it are those that requests are checked by. Formats of our own are told in words that clients know.
  const copy = JSON.parse(JSON.stringify(document), (key, value) =>
    key === "format" && value === "instant" ? "date-time" : value,
  ) as Json & {
    components: Json;
    paths: Record<string, Record<string, Operation>>;
  };
  const named: Json = {};
  copy.paths = withNames(copy.paths, named) as typeof copy.paths;
  copy.components.schemas = { ...(copy.components.schemas as Json), ...named, Problem };
  copy.components.responses = {
    Problem: { description: "A problem (RFC 9457).", content: { "application/problem+json": { schema: PROBLEM } } },
  };
  copy.components.parameters = { IdempotencyKey };
  for (const [path, methods] of Object.entries(copy.paths)) {
    for (const [method, operation] of Object.entries(methods)) complete(path, method, operation);
  }
  return copy;
}

/** A schema with a title is written once, under its name, which clients then have a type for. */
function withNames(node: unknown, named: Json): unknown {
  if (Array.isArray(node)) return node.map((item) => withNames(item, named));
  if (typeof node !== "object" || node === null) return node;
  const copy = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, withNames(value, named)]));
  const { title, type } = copy;
  if (typeof title !== "string" || type !== "object") return copy;
  const before = named[title];
  if (before !== undefined && JSON.stringify(before) !== JSON.stringify(copy))
    throw new Error(`two different schemas have the title ${title}`);
  named[title] = copy;
  return { $ref: `#/components/schemas/${title}` };
}

function complete(path: string, method: string, operation: Operation): void {
  for (const parameter of operation.parameters ?? []) parameter.description ??= PARAMETERS[parameter.name];
  if (operation[OPTIONAL_BODY]) {
    (operation.requestBody as Json).required = false;
    delete operation[OPTIONAL_BODY];
  }
  const writes = method !== "get";
  if (writes) operation.parameters = [...(operation.parameters ?? []), { $ref: "#/components/parameters/IdempotencyKey" } as never];
  for (const [status, answer] of Object.entries(operation.responses)) {
    if (answer.description === "Default Response") answer.description = SUCCESS[status] ?? "The answer.";
  }
  const known = operation.security?.length !== 0;
  const problems: [number, boolean][] = [
    [401, known],
    [403, known],
    [404, path.includes("{")],
    [409, writes],
    [413, "requestBody" in operation],
    [415, "requestBody" in operation],
    [422, writes || (operation.parameters ?? []).length > 0],
    [429, true],
    [503, true],
  ];
  for (const [status, applies] of problems) {
    if (applies) operation.responses[status] ??= { $ref: "#/components/responses/Problem", description: FAILURE[status] };
  }
}

const SUCCESS: Record<string, string> = { 200: "Done; this is the answer.", 201: "Made.", 202: "Accepted, and durable.", 204: "Done." };

const FAILURE: Record<number, string> = {
  401: "`unauthenticated`: credentials are missing or not valid.",
  403: "`forbidden`: the credentials do not allow this.",
  404: "What the path names does not exist, or belongs to another tenant.",
  409: "The state of things, or a request with the same Idempotency-Key, does not allow this.",
  413: "The body is larger than this route takes.",
  415: "The body has a type that this route does not take.",
  422: "`invalid_request`: `errors` names each field at fault.",
  429: "`rate_limited`: too many requests.",
  503: "`unavailable`: the engine cannot do this right now; nothing was changed.",
};

/** What parameters mean wherever they occur, where a route says nothing of its own. */
const PARAMETERS: Record<string, string> = {
  tenant_id: "The caller's own id of the tenant.",
  id: "The id, as the engine gave it.",
  plan: "The key of a plan.",
  key: "The key that the caller chose for it.",
  meter: "The key of a meter.",
  feature: "The key of a feature.",
  status: "Only those in this state.",
  type: "Only those of this type.",
  event: "Only events of this name.",
  from: "From this instant on.",
  to: "Up to this instant, without it.",
  granularity: "How long each period of the answer is.",
  group_by: "Properties to split by, separated by commas.",
  dry_run: "Answer what would change, and change nothing.",
  include_archived: "Also what is no longer sold.",
};

const IdempotencyKey = {
  name: "Idempotency-Key",
  in: "header",
  required: false,
  description: "The same key with the same body answers with the first answer, for 24 hours.",
  schema: { type: "string", minLength: 1, maxLength: 255 },
};

const PROBLEM = { $ref: "#/components/schemas/Problem" };

const Problem = {
  type: "object",
  description: "A refusal (RFC 9457). `code` is the stable part; some codes add members of their own.",
  required: ["type", "title", "status", "detail", "code"],
  additionalProperties: true,
  properties: {
    type: { type: "string", format: "uri" },
    title: { type: "string" },
    status: { type: "integer" },
    detail: { type: "string" },
    code: { type: "string", enum: ERROR_CODES },
    errors: {
      type: "array",
      description: "Each field at fault, as the caller wrote it.",
      items: {
        type: "object",
        required: ["path", "message"],
        additionalProperties: true,
        properties: { path: { type: "string", description: "`plans[0].prices[2].up_to`; empty: the body." }, message: { type: "string" } },
      },
    },
    request_id: { type: "string" },
  },
};
