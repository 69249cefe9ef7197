/** Requests made from the OpenAPI document: most of them almost right, since what is wholly wrong gets no further than the door. */
import type { Random } from "../../src/simulation/random.ts";
import { hostile, hostileBody, hostileText } from "./hostile.ts";

type Json = Record<string, unknown>;

interface Schema extends Json {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  anyOf?: Schema[];
  additionalProperties?: boolean | Schema;
  format?: string;
  pattern?: string;
  minimum?: number;
  maximum?: number;
}

export interface Document {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}

interface Operation {
  parameters?: { $ref?: string; name: string; in: string; required?: boolean; schema: Schema }[];
  requestBody?: { content: Record<string, { schema: Schema }> };
}

export interface Target {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  path: string;
  operation: Operation;
}

export interface FuzzRequest {
  method: Target["method"];
  url: string;
  headers: Record<string, string>;
  payload?: string;
}

/** Values that exist in the world, by the name of the field they fit: a request about nothing tests nothing but the look-up. */
export type Known = Record<string, readonly string[]>;

export function targetsOf(document: Document): Target[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase() as Target["method"], path, operation })),
  );
}

export function generate(random: Random, document: Document, known: Known, target: Target, rate: number): FuzzRequest {
  const make = new Maker(random, document, known, rate);
  const path = target.path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(make.parameter(name, target.path)));
  const query = (target.operation.parameters ?? [])
    .filter((parameter) => parameter.in === "query" && (parameter.required || random.chance(0.3)))
    .map(({ name, schema }) => `${encodeURIComponent(name)}=${make.queryValue(name, schema)}`);
  if (random.chance(rate / 2))
    query.push(`${encodeURIComponent(random.pick(["limit", "cursor", "limit[]", "x"]))}=${encode(hostileText(random))}`);
  const headers: Record<string, string> = {};
  if (random.chance(0.1)) headers["idempotency-key"] = random.chance(rate) ? "k".repeat(random.whole(1, 400)) : `k${random.whole(1, 20)}`;
  const request: FuzzRequest = { method: target.method, url: `${path}${query.length > 0 ? `?${query.join("&")}` : ""}`, headers };
  const content = target.operation.requestBody?.content;
  if (!content) return request;
  const [type, { schema }] = random.pick(Object.entries(content));
  headers["content-type"] = random.chance(rate / 4)
    ? random.pick(["text/plain", "application/xml", "application/json; charset=latin1", ""])
    : type;
  const text = JSON.stringify(make.value(schema, "", 0)) ?? "null";
  request.payload = random.chance(rate / 4) ? hostileBody(random, text) : text;
  return request;
}

function encode(text: string): string {
  // A lone half of a pair has no form in an address.
  return encodeURIComponent(text.toWellFormed());
}

class Maker {
  readonly #random: Random;
  readonly #document: Document;
  readonly #known: Known;
  readonly #rate: number;

  constructor(random: Random, document: Document, known: Known, rate: number) {
    this.#random = random;
    this.#document = document;
    this.#known = known;
    this.#rate = rate;
  }

  parameter(name: string, path: string): string {
    if (this.#random.chance(this.#rate)) return hostileText(this.#random).toWellFormed() || "x";
    const kind = name === "id" || name === "key" ? (/\/([\w-]+)\/\{\w+\}/.exec(path)?.[1] ?? name) : name;
    return this.#random.pick(this.#known[kind] ?? this.#known[name] ?? ["nothing"]);
  }

  queryValue(name: string, schema: Schema): string {
    const value = this.#random.chance(this.#rate) ? hostileText(this.#random) : this.value(schema, name, 5);
    return encode(typeof value === "string" ? value : (JSON.stringify(value) ?? ""));
  }

  value(given: Schema, name: string, depth: number): unknown {
    const schema = this.#resolve(given);
    const random = this.#random;
    if (random.chance(this.#rate / (depth + 1))) return hostile(random);
    const known = this.#known[name];
    if (known && random.chance(0.7)) return random.pick(known);
    if (schema.enum) return random.pick(schema.enum);
    if (schema.anyOf) return this.value(random.pick(schema.anyOf), name, depth);
    const type = Array.isArray(schema.type) ? random.pick(schema.type) : schema.type;
    switch (type ?? (schema.properties ? "object" : "any")) {
      case "object":
        return this.#object(schema, depth);
      case "array":
        return Array.from({ length: random.whole(0, depth > 3 ? 1 : 3) }, () => this.value(schema.items ?? {}, name, depth + 1));
      case "integer":
        return random.whole(Math.max(schema.minimum ?? -5, -1_000), Math.min(schema.maximum ?? 5_000, 5_000));
      case "number":
        return random.pick([0, 1, 2.5, 10, 1_000, random.whole(schema.minimum ?? -3, 100)]);
      case "boolean":
        return random.chance(0.5);
      case "null":
        return null;
      case "string":
        return this.#text(schema, name);
      default:
        return hostile(random);
    }
  }

  #object(schema: Schema, depth: number): Json {
    const made: Json = {};
    for (const [name, inner] of Object.entries(schema.properties ?? {})) {
      const needed = schema.required?.includes(name);
      if (needed ? this.#random.chance(1 - this.#rate / 4) : this.#random.chance(depth > 3 ? 0.15 : 0.4))
        made[name] = this.value(inner, name, depth + 1);
    }
    if (typeof schema.additionalProperties === "object" && this.#random.chance(0.6))
      made[this.#random.pick(["base", "usd", "inr", "model", "n"])] = this.value(schema.additionalProperties, "", depth + 1);
    if (this.#random.chance(this.#rate / 3)) made[this.#random.pick(["extra", "__proto__x", "id", "tenant_id"])] = hostile(this.#random);
    return made;
  }

  #text(schema: Schema, name: string): string {
    const random = this.#random;
    if (schema.format === "date-time" || /(_at|^from|^to|start|end|^now|^at)$/.test(name))
      return random.pick([
        "2026-01-01T00:00:00Z",
        "2026-02-15T12:30:00Z",
        "2026-03-31T23:59:59.999Z",
        "2025-02-28T00:00:00+05:30",
        "2031-01-01T00:00:00Z",
      ]);
    if (schema.format === "currency" || name === "currency") return random.pick(["usd", "eur", "jpy", "inr", "kwd", "xxx"]);
    if (schema.pattern?.includes("\\d")) return random.pick(["0", "1", "2.5", "0.0001", "1000000", "99999999999999"]);
    if (/url$/.test(name)) return random.pick(["https://example.com/back", "http://localhost/", "javascript:alert(1)"]);
    if (/email/.test(name)) return random.pick(["a@example.com", "nobody", "ä@ö.example"]);
    return random.pick(["a", "base", "Acme", "pro", "key-1", "x_y", "0", "ünï"]);
  }

  #resolve(schema: Schema): Schema {
    const name = schema.$ref?.split("/").at(-1);
    return name === undefined ? schema : (this.#document.components.schemas[name] ?? {});
  }
}
