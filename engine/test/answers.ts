/**
 * Holds what a route answers against what it documents, so that the OpenAPI document cannot lie: every 2xx answer of
 * JSON in a test, whoever asked. Fields that the schema does not name are faults too.
 */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { Ajv, type ValidateFunction } from "ajv";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { parseInstant } from "../src/billing/time/instant.ts";

// Fastify announces each server that is made: the only way in that changes nothing in the engine.
const CHANNEL = "fastify.initialization";

export interface AnswerWatch {
  /** Throws on what was found since the last call. */
  check(): void;
  stop(): void;
}

export function watchAnswers(): AnswerWatch {
  const faults: string[] = [];
  const listener = (message: unknown) => {
    const { fastify } = message as { fastify: FastifyInstance };
    fastify.addHook("onSend", async (request, reply, payload) => {
      faults.push(...faultsOf(request, reply.statusCode, payload));
    });
  };
  subscribe(CHANNEL, listener);
  return {
    check: () => {
      if (faults.length > 0) throw new Error(`Answers that are not as documented:\n${faults.splice(0).join("\n")}`);
    },
    stop: () => void unsubscribe(CHANNEL, listener),
  };
}

const ajv = new Ajv({
  allErrors: true,
  strict: false,
  formats: { instant: (text: string) => parseInstant(text) !== null, currency: /^[a-z]{3}$/ },
});
const validators = new WeakMap<object, ValidateFunction>();

function faultsOf(request: FastifyRequest, status: number, payload: unknown): string[] {
  const { schema, method, url } = request.routeOptions;
  const documented = (schema?.response as Record<number, object> | undefined)?.[status];
  if (status >= 300 || typeof payload !== "string" || payload === "" || schema?.hide) return [];
  const where = `${String(method)} ${url} → ${status}`;
  if (!documented) return schema?.response ? [`${where}: this status is not documented`] : [];
  let validate = validators.get(documented);
  if (!validate) {
    validate = ajv.compile(closed(documented) as object);
    validators.set(documented, validate);
  }
  if (validate(JSON.parse(payload))) return [];
  return (validate.errors ?? []).slice(0, 5).map((error) => {
    const extra = (error.params as { additionalProperty?: string }).additionalProperty;
    return `${where}: ${error.instancePath || "/"} ${error.message}${extra ? ` (${extra})` : ""}`;
  });
}

/** The schema with every object closed that does not say that it is open. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== "object" || schema === null) return schema;
  const copy = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]));
  const isOpen = !("properties" in copy) || typeof copy.properties !== "object" || "additionalProperties" in copy;
  return isOpen || !("type" in copy) ? copy : { ...copy, additionalProperties: false };
}
