/** What a running engine tells of itself: metrics as Prometheus reads them, traces as a collector receives them, logs without secrets. */

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { mayRead } from "../src/telemetry/metrics-routes.ts";
import { createWorld, type World } from "./world.ts";

interface ReceivedSpan {
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  attributes: Record<string, unknown>;
}

const spans: ReceivedSpan[] = [];
const collector = createServer((request, response) => {
  let text = "";
  request.on("data", (chunk) => {
    text += chunk;
  });
  request.on("end", () => {
    // biome-ignore lint/suspicious/noExplicitAny: the form of OTLP in JSON
    for (const { scopeSpans } of (JSON.parse(text) as any).resourceSpans)
      for (const { spans: sent } of scopeSpans)
        for (const { name, traceId, spanId, parentSpanId, attributes } of sent)
          spans.push({
            name,
            traceId,
            spanId,
            parentSpanId,
            // biome-ignore lint/suspicious/noExplicitAny: one of several kinds of values
            attributes: Object.fromEntries(attributes.map((one: any) => [one.key, Object.values(one.value)[0]])),
          });
    response.writeHead(200, { "content-type": "application/json" }).end("{}");
  });
});

let world: World;
const PATIENCE = { timeout: 60_000, interval: 100 };

beforeAll(async () => {
  await new Promise<void>((resolve) => collector.listen(0, "127.0.0.1", resolve));
  const { port } = collector.address() as AddressInfo;
  world = await createWorld({
    worker: true,
    config: { tracing: { endpoint: `http://127.0.0.1:${port}`, service: "billwright", sampleRatio: 1 } },
  });
  await world.must("PUT", "/v1/catalog", {
    meters: [{ key: "calls", event: "call", aggregation: "count" }],
    plans: [{ key: "pro", name: "Pro", currency: "usd", interval: "month", prices: [{ key: "base", type: "flat", amount: 5_000 }] }],
  });
  await world.must("PUT", "/v1/tenants/secretive-tenant", { currency: "usd" });
});
afterAll(async () => {
  await world?.close();
  await new Promise<void>((resolve) => collector.close(() => resolve()));
});

async function metrics(): Promise<Map<string, number>> {
  const { status, text, headers } = await world.get("/metrics");
  expect([status, headers["content-type"]]).toEqual([200, expect.stringContaining("text/plain")]);
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ") + 1))]));
}

test("a request is one trace with its commit, the job that it asked for, and the call of the gateway; a caller's trace goes on", async () => {
  const traceId = "0af7651916cd43dd8448eb211c80319c";
  const answer = await world.post(
    "/v1/tenants/secretive-tenant/subscription",
    { plan: "pro" },
    { traceparent: `00-${traceId}-b7ad6b7169203331-01` },
  );
  expect(answer.status).toBe(201);
  const mine = () => spans.filter((span) => span.traceId === traceId);
  await vi.waitFor(() => {
    const names = mine().map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining(["POST /v1/tenants/:tenant_id/subscription", "commit", "job collect-due", "gateway sandbox charge"]),
    );
  }, PATIENCE);
  const named = (name: string) => mine().find((span) => span.name === name)!;
  const request = named("POST /v1/tenants/:tenant_id/subscription");
  expect(request.parentSpanId).toBe("b7ad6b7169203331");
  expect(request.attributes).toMatchObject({ "http.route": "/v1/tenants/:tenant_id/subscription", "http.request.method": "POST" });
  expect(String(request.attributes["http.response.status_code"])).toBe("201");
  const commit = mine().find((span) => span.name === "commit" && span.parentSpanId === request.spanId)!;
  expect(commit.attributes["billwright.action"]).toBe("POST /v1/tenants/:tenant_id/subscription");
  // The job was written within the commit, and its trace travelled in the row.
  const job = named("job collect-due");
  expect(job.parentSpanId).toBe(commit.spanId);
  const call = named("gateway sandbox charge");
  expect([call.parentSpanId, call.attributes["billwright.outcome"]]).toEqual([job.spanId, "succeeded"]);
  expect(mine().some((span) => span.name === "commit" && span.parentSpanId === job.spanId)).toBe(true);
  // Spans name routes, never whose they are.
  expect(JSON.stringify(spans)).not.toContain("secretive-tenant");
});

test("metrics count what happened, by labels that name no tenant", async () => {
  const before = await metrics();
  const event = { tenant_id: "secretive-tenant", event: "call", idempotency_key: "one" };
  await world.must("POST", "/v1/usage", event);
  await world.must("POST", "/v1/usage", [event, { ...event, idempotency_key: "two" }]);
  await world.must("GET", "/v1/tenants/secretive-tenant/usage");
  await world.get("/v1/nothing/here");
  const now = await metrics();
  const grew = (name: string) => (now.get(name) ?? 0) - (before.get(name) ?? 0);
  expect(grew('billing_usage_ingest_total{outcome="accepted"}')).toBe(2);
  expect(grew('billing_usage_ingest_total{outcome="duplicate"}')).toBe(1);
  expect(grew('billing_aggregate_duration_ms_count{purpose="read"}')).toBe(1);
  expect(grew('billing_http_requests_total{method="POST",route="/v1/usage",status="202"}')).toBe(2);
  expect(grew('billing_http_request_duration_seconds_count{method="POST",route="/v1/usage"}')).toBe(2);
  expect(grew('billing_http_requests_total{method="GET",route="none",status="404"}')).toBe(1);
  expect(now.get("billing_invoice_generated_total")).toBe(1);
  expect(now.get('billing_events_total{type="invoice.paid"}')).toBe(1);
  expect(now.get('billing_gateway_calls_total{gateway="sandbox",operation="charge",outcome="succeeded"}')).toBe(1);
  expect(now.get('billing_jobs_total{job="collect-due",outcome="succeeded"}')).toBeGreaterThan(0);
  expect(now.get('billing_commits_total{outcome="committed"}')).toBeGreaterThan(2);
  expect(now.get("billing_queue_waiting_jobs")).toBeGreaterThanOrEqual(0);
  expect(now.get("billing_streams_open")).toBe(0);
  expect(now.get('billing_database_connections{state="open"}')).toBeGreaterThan(0);
  expect(now.get("nodejs_eventloop_lag_seconds")).toBeGreaterThanOrEqual(0);
  expect([...now.keys()].join("\n")).not.toContain("secretive-tenant");
  // A write that is refused is told apart from one that fails.
  await world.post("/v1/tenants/secretive-tenant/subscription", { plan: "pro" });
  expect((await metrics()).get('billing_commits_total{outcome="refused"}')).toBe(1);
});

test("the dashboard of Grafana asks for metrics that there are", async () => {
  const text = readFileSync(new URL("../../deploy/grafana/billwright.json", import.meta.url), "utf8");
  const { panels } = JSON.parse(text) as { panels: { targets?: { expr: string }[] }[] };
  const asked = panels.flatMap(({ targets = [] }) =>
    targets.flatMap(({ expr }) => expr.match(/\b(billing|nodejs|process)_[a-z0-9_]+/g) ?? []),
  );
  expect(asked.length).toBeGreaterThan(15);
  const { text: exposed } = await world.get("/metrics");
  const known = new Set(
    [...exposed.matchAll(/^# TYPE (\S+) (\S+)$/gm)].flatMap(([, name, type]) =>
      type === "histogram" ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name!],
    ),
  );
  expect(asked.filter((name) => !known.has(name))).toEqual([]);
  // And every metric of ours is on it.
  const shown = new Set(asked.map((name) => name.replace(/_(bucket|sum|count)$/, "")));
  const ours = [...exposed.matchAll(/^# TYPE (billing_\S+)/gm)].map(([, name]) => name!);
  expect(ours.filter((name) => !shown.has(name))).toEqual([]);
});

test.each([
  [null, {}, "127.0.0.1", true],
  [null, {}, "::1", true],
  [null, {}, "10.1.2.3", true],
  [null, {}, "::ffff:192.168.1.1", true],
  [null, {}, "8.8.8.8", false],
  [null, {}, undefined, false],
  // What a proxy hands on came from the world.
  [null, { "x-forwarded-for": "10.0.0.1" }, "10.0.0.2", false],
  [null, { forwarded: "for=10.0.0.1" }, "10.0.0.2", false],
  ["sixteen_letters_", {}, "127.0.0.1", false],
  ["sixteen_letters_", { authorization: "Bearer sixteen_letters_" }, "8.8.8.8", true],
  ["sixteen_letters_", { authorization: "Bearer sixteen_lettersX" }, "127.0.0.1", false],
] as const)("metrics with the token %s, %o from %s: %s", (token, headers, address, may) => {
  expect(mayRead(token, headers, address)).toBe(may);
});
