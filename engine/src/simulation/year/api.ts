/** The simulated tenants are served by the HTTP API as anybody: through it, without a socket. */
import type { FastifyInstance } from "fastify";
import { toJson } from "../../http/json.ts";
import { parseLossless } from "../../lossless.ts";

// biome-ignore lint/suspicious/noExplicitAny: answers have the shapes of the API's own document
export type Answer = any;
type Method = "GET" | "PUT" | "POST" | "PATCH" | "DELETE";

/** Asks, and answers the body. `unless`: error codes that life brings with it; then null. Anything else ends the year. */
export type Api = (method: Method, url: string, body?: unknown, unless?: readonly string[]) => Promise<Answer>;

export function apiOf(app: FastifyInstance, key: string): Api {
  return async (method, url, body, unless = []) => {
    const response = await app.inject({
      method,
      url,
      headers: { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { "content-type": "application/json" }) },
      ...(body === undefined ? {} : { payload: toJson(body) }),
    });
    const answer: Answer = response.body === "" ? null : parseLossless(response.body);
    if (response.statusCode < 400) return answer;
    if (unless.includes(answer?.code)) return null;
    const asked = body === undefined ? "" : ` with ${toJson(body).slice(0, 500)}`;
    throw new Error(`${method} ${url}${asked} answered ${response.statusCode}: ${response.body.slice(0, 1_000)}`);
  };
}
