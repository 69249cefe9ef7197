/** The one harness of tests that need the whole engine: a fresh database, real routes, a test clock, nothing mocked. */
import type { InjectOptions } from "fastify";
import type { Config } from "../src/config.ts";
import { openPool, type Pool } from "../src/db/pool.ts";
import { type Billwright, createBillwright } from "../src/engine.ts";
import { parseLossless } from "../src/lossless.ts";
import { watchAnswers } from "./answers.ts";
import { createTestDatabase } from "./database.ts";

export const TEST_KEY = "bw_test_key_of_the_test_world";
export const TEST_SECRET_KEYS = [{ id: "test", key: Buffer.alloc(32, 7) }];

export interface Answer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into freely by tests
  body: any;
  text: string;
  headers: Record<string, string | string[] | number | undefined>;
}

export interface World {
  billing: Billwright;
  /** As who owns the tables: for hand edits, and to stop what the engine may not. */
  readonly owner: Pool;
  call(method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE", url: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  get(url: string): Promise<Answer>;
  post(url: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  put(url: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** The answer's body, after checking its status: for set-up, where anything else is a broken test. */
  must(method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE", url: string, body?: unknown): Promise<Answer["body"]>;
  /** A test clock that stands at `now`. */
  clock(now: string): Promise<{ id: string; to(instant: string): Promise<Answer["body"]> }>;
  close(): Promise<void>;
}

/** `at`: on a database that is there already, and stays. */
export async function createWorld(options: { config?: Partial<Config>; worker?: boolean; at?: { url: string } } = {}): Promise<World> {
  const database = options.at ? { url: options.at.url, drop: async () => undefined } : await createTestDatabase();
  const answers = watchAnswers();
  const billing = await createBillwright({
    database: database.url,
    worker: options.worker ?? false,
    config: { logLevel: "error", apiKey: TEST_KEY, databasePoolSize: 6, secretKeys: TEST_SECRET_KEYS, ...options.config },
  });
  answers.stop();

  const call: World["call"] = async (method, url, body, headers = {}) => {
    const isText = typeof body === "string";
    const request: InjectOptions = {
      method,
      url,
      headers: { authorization: `Bearer ${TEST_KEY}`, ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
      ...(body === undefined ? {} : { payload: isText ? body : JSON.stringify(body) }),
    };
    const response = await billing.app.inject(request);
    answers.check();
    const json = String(response.headers["content-type"] ?? "").includes("json");
    return {
      status: response.statusCode,
      body: json && response.body !== "" ? parseLossless(response.body) : response.body,
      text: response.body,
      headers: response.headers,
    };
  };
  const must: World["must"] = async (method, url, body) => {
    const answer = await call(method, url, body);
    if (answer.status >= 300) throw new Error(`${method} ${url} answered ${answer.status}: ${answer.text}`);
    return answer.body;
  };
  let owner: Pool | null = null;
  return {
    billing,
    get owner() {
      owner ??= openPool(database.url, 1, () => undefined, "owner");
      return owner;
    },
    call,
    must,
    get: (url) => call("GET", url),
    post: (url, body, headers) => call("POST", url, body, headers),
    put: (url, body, headers) => call("PUT", url, body, headers),
    clock: async (now) => {
      const { id } = await must("POST", "/v1/test-clocks", { name: "test", now });
      return { id, to: (instant) => must("POST", `/v1/test-clocks/${id}/advance`, { to: instant }) };
    },
    close: async () => {
      await billing.close();
      await owner?.end();
      await database.drop();
      // What was asked past `call`, by a client or over a socket.
      answers.check();
    },
  };
}
