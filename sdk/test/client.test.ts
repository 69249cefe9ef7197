import { describe, expect, test } from "vitest";
import { BillwrightError, createClient } from "../src/client.ts";

interface Asked {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: unknown;
}

/** A client of an engine that gives these answers in turn. */
function clientOf(answers: (Response | Error)[], retries = 3) {
  const asked: Asked[] = [];
  const client = createClient({
    baseUrl: "http://engine/",
    apiKey: "secret",
    retries,
    fetch: async (url, init) => {
      asked.push({
        method: init?.method ?? "",
        url: String(url),
        headers: init?.headers as Record<string, string>,
        body: init?.body ? JSON.parse(String(init.body)) : null,
      });
      const answer = answers.shift() ?? Response.json({});
      if (answer instanceof Error) throw answer;
      return answer;
    },
  });
  return { client, asked };
}

describe("a request", () => {
  test("fills the path, writes the query, sends the key", async () => {
    const { client, asked } = clientOf([Response.json({ items: [], next_cursor: null })]);
    await client.request("GET", "/v1/tenants/{tenant_id}/invoices", { path: { tenant_id: "a:b/c" }, query: { limit: 5, status: "open" } });
    expect(asked[0]).toMatchObject({ method: "GET", url: "http://engine/v1/tenants/a%3Ab%2Fc/invoices?limit=5&status=open" });
    expect(asked[0]!.headers).toMatchObject({ authorization: "Bearer secret" });
    expect(asked[0]!.headers).not.toHaveProperty("idempotency-key");
  });

  test("that changes something keeps its idempotency key over its attempts", async () => {
    const { client, asked } = clientOf([
      new TypeError("fetch failed"),
      new Response("", { status: 503 }),
      Response.json({ tenant_id: "a" }),
    ]);
    const tenant = await client.request("PUT", "/v1/tenants/{tenant_id}", { path: { tenant_id: "a" }, body: { name: "A" } });
    expect(tenant.tenant_id).toBe("a");
    expect(new Set(asked.map((one) => one.headers["idempotency-key"])).size).toBe(1);
    expect(asked.map((one) => one.body)).toEqual(Array(3).fill({ name: "A" }));
  });

  test("that is refused is not sent again", async () => {
    const problem = {
      code: "invalid_request",
      detail: "name: is wrong",
      errors: [{ path: "name", message: "is wrong" }],
      request_id: "req_1",
    };
    const { client, asked } = clientOf([Response.json(problem, { status: 422 })]);
    const refusal = await client
      .request("PUT", "/v1/tenants/{tenant_id}", { path: { tenant_id: "a" }, body: {} })
      .catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(BillwrightError);
    expect(refusal).toMatchObject({
      status: 422,
      code: "invalid_request",
      message: "name: is wrong",
      requestId: "req_1",
      errors: problem.errors,
    });
    expect(asked).toHaveLength(1);
  });

  test("gives up after its retries", async () => {
    const { client, asked } = clientOf([new TypeError("fetch failed"), new TypeError("fetch failed")], 1);
    await expect(client.request("GET", "/v1/catalog")).rejects.toMatchObject({ status: 0, code: "unreachable" });
    expect(asked).toHaveLength(2);
    const busy = clientOf([new Response("<html>", { status: 502 })], 0);
    await expect(busy.client.request("GET", "/v1/catalog")).rejects.toMatchObject({ status: 502, code: "unknown" });
  });

  test("ends by its signal, also between two attempts", async () => {
    const stop = new AbortController();
    const { client, asked } = clientOf([Response.json({}, { status: 429, headers: { "retry-after": "20" } })]);
    const asking = client.request("GET", "/v1/catalog", { signal: stop.signal });
    setTimeout(() => stop.abort(new Error("enough")), 20);
    await expect(asking).rejects.toThrow("enough");
    expect(asked).toHaveLength(1);
  });

  test("without what its path needs is not sent", async () => {
    const { client, asked } = clientOf([]);
    await expect(client.request("GET", "/v1/plans/{plan}", { path: { plan: "" } })).rejects.toThrow("path.plan");
    expect(asked).toEqual([]);
  });
});

test("usage gets a key for each event, the same at each attempt", async () => {
  const { client, asked } = clientOf([
    new Response("", { status: 503 }),
    Response.json({ accepted: 2, duplicates: 0, results: [] }, { status: 202 }),
  ]);
  await client.recordUsage([
    { tenant_id: "a", event: "call" },
    { tenant_id: "a", event: "call", idempotency_key: "mine" },
  ]);
  const [first, second] = asked.map((one) => one.body as { idempotency_key: string }[]);
  expect(first).toEqual(second);
  expect(first![0]!.idempotency_key).toMatch(/^[0-9a-f-]{36}$/);
  expect(first![1]!.idempotency_key).toBe("mine");
});
