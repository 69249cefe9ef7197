/**
 * Stripe's own words on what it takes, by which every request of ours is judged: the parameter types of the pinned SDK (2026-10-28) for
 * the routes that they cover, the OpenAPI of 2024-04-10 for the others. Where a checkout of this project has them beside it
 * (STRIPE_FIXTURES, else ../shared/fixtures); elsewhere nothing is judged, and the suites say so.
 */
import { existsSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { Ajv, type ValidateFunction } from "ajv";
import type { Form } from "./form.ts";

export const FIXTURES = process.env.STRIPE_FIXTURES ?? new URL("../../../../shared/fixtures", import.meta.url).pathname;
const FOLDER = `${FIXTURES}/stripe-openapi`;
export const schemasThere = existsSync(FOLDER);

type Json = Record<string, unknown>;
interface Operation {
  parameters?: { name: string; in: string; schema: Json }[];
  requestBody?: { content: Record<string, { schema: Json }> };
}

interface Judge {
  newest: boolean;
  template: RegExp;
  method: string;
  validate(): ValidateFunction;
}

/** Routes that are younger than those documents, and take no parameters of ours. */
const AFTER = /^\/v2\/core\/events\/[\w.]+$/;

let judges: Judge[] | null = null;

/** Reads them, which takes a while, before anybody waits. */
export function readSchemas(): void {
  if (schemasThere) judges ??= load();
}

/** What Stripe would object to; null: nothing. `by`: which of its documents says so. */
export function objection(method: string, path: string, given: Form): { by: string; words: string } | null {
  if (!schemasThere) return null;
  judges ??= load();
  const judge = judges.find((one) => one.method === method && one.template.test(path));
  if (!judge && method === "GET" && AFTER.test(path)) return null;
  if (!judge) return { by: "no schema", words: `Unrecognized request URL (${method}: ${path}).` };
  const validate = judge.validate();
  if (validate(judge.newest ? undescribed(given) : structuredClone(given))) return null;
  const worst = validate.errors?.[0];
  const extra = worst?.keyword === "additionalProperties" ? `: ${String(worst.params.additionalProperty)}` : "";
  return { by: judge.template.source, words: `${worst?.instancePath ?? ""} ${worst?.message}${extra}` };
}

function load(): Judge[] {
  const node = JSON.parse(
    gunzipSync(readFileSync(`${FOLDER}/stripe-node-23.1.0-billing-request-params.schema.json.gz`)).toString(),
  ) as Json & { definitions: { Req: { properties: Record<string, { $ref: string }> } } };
  const open = JSON.parse(gunzipSync(readFileSync(`${FOLDER}/spec3-2024-04-10.json.gz`)).toString()) as {
    paths: Record<string, Record<string, Operation>>;
  };
  const ajv = new Ajv({ strict: false, coerceTypes: true, logger: false, validateSchema: false })
    .addFormat("unix-time", true)
    .addFormat("decimal", true);
  const once = (compile: () => ValidateFunction) => {
    let made: ValidateFunction | null = null;
    return () => (made ??= compile());
  };
  const newest = Object.entries(node.definitions.Req.properties).map(([name, { $ref }]) => {
    const [method, path] = name.split(" ") as [string, string];
    return {
      newest: true,
      method,
      template: template(path),
      validate: once(() => ajv.compile({ $ref, definitions: reached($ref, node.definitions) })),
    };
  });
  const whole = Object.entries(open.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({
      newest: false,
      method: method.toUpperCase(),
      template: template(path),
      validate: once(() => ajv.compile(method === "post" ? bodyOf(operation) : queryOf(operation))),
    })),
  );
  return [...newest, ...whole.sort((a, b) => specific(b) - specific(a))];
}

// A thousand definitions are more than the reader of one cares for.
function reached(from: string, all: Json, into: Json = {}): Json {
  for (const [, name] of from.matchAll(/#\/definitions\/([^"]+)/g)) {
    const key = decodeURIComponent(name!);
    if (key in into) continue;
    into[key] = all[key];
    reached(JSON.stringify(all[key]), all, into);
  }
  return into;
}

// Who took the descriptions out of that document took the parameters of this name with them.
function undescribed(given: Form): Form {
  const strip = (value: Form[string]): Form[string] => {
    if (Array.isArray(value)) return value.map((item) => strip(item) as Form);
    if (typeof value === "string") return value;
    return Object.fromEntries(Object.entries(value).flatMap(([key, inner]) => (key === "description" ? [] : [[key, strip(inner)]])));
  };
  return strip(given) as Form;
}

// A path with fewer places to fill in is meant before one with more.
const specific = (judge: { template: RegExp }) => -judge.template.source.split("[^/]+").length;

function template(path: string): RegExp {
  return new RegExp(`^${path.replaceAll(/\{[^}]+\}/g, "[^/]+")}$`);
}

function bodyOf(operation: Operation): Json {
  return { additionalProperties: false, type: "object", ...operation.requestBody?.content["application/x-www-form-urlencoded"]?.schema };
}

function queryOf(operation: Operation): Json {
  const inQuery = (operation.parameters ?? []).filter((one) => one.in === "query");
  return {
    type: "object",
    additionalProperties: false,
    properties: Object.fromEntries(inQuery.map((one) => [one.name, one.schema])),
  };
}
