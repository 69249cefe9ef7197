/** The demo's customers are served by the HTTP API like anybody's: through it, without a socket. */
import type { FastifyInstance } from "fastify";
import { toJson } from "../../http/json.ts";
import { parseLossless } from "../../lossless.ts";

// biome-ignore lint/suspicious/noExplicitAny: answers have the shapes of the API's own document
export type Answer = any;

export interface Api {
  get(url: string): Promise<Answer>;
  put(url: string, body: unknown): Promise<Answer>;
  /** `unless`: error codes that mean that it was done before; then null. */
  post(url: string, body: unknown, unless?: readonly string[]): Promise<Answer>;
}

export function callApi(app: FastifyInstance, key: string): Api {
  const call = async (method: "GET" | "PUT" | "POST", url: string, body?: unknown, unless: readonly string[] = []) => {
    const response = await app.inject({
      method,
      url,
      headers: { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { "content-type": "application/json" }) },
      ...(body === undefined ? {} : { payload: toJson(body) }),
    });
    const answer: Answer = response.body === "" ? null : parseLossless(response.body);
    if (response.statusCode < 400) return answer;
    if (unless.includes(answer?.code)) return null;
    throw new Error(`The demo could not be set up: ${method} ${url} answered ${response.statusCode}: ${response.body.slice(0, 1_000)}`);
  };
  return {
    get: (url) => call("GET", url),
    put: (url, body) => call("PUT", url, body),
    post: (url, body, unless) => call("POST", url, body, unless),
  };
}

/** Every item of a list, page by page. */
export async function listAll(api: Api, url: string): Promise<Answer[]> {
  const items: Answer[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const page: Answer = await api.get(`${url}?limit=100${cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`}`);
    items.push(...page.items);
    cursor = page.next_cursor;
  }
  return items;
}
