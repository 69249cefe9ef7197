/** requireQuota and requireFeature in the frameworks themselves, over HTTP, before a real engine. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { serve } from "@hono/node-server";
import { build } from "esbuild";
import express from "express";
import Fastify from "fastify";
import { Hono } from "hono";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { freePort } from "../../engine/test/engine-process.ts";
import type { Billwright } from "../src/client.ts";
import * as inExpress from "../src/express.ts";
import * as inFastify from "../src/fastify.ts";
import * as inHono from "../src/hono.ts";
import { CATALOG, eventually, KEY, type ServedEngine, serveEngine } from "./served-engine.ts";

interface Served {
  url: string;
  close(): Promise<unknown>;
}

const HEADER = "x-organization";
let engine: ServedEngine;
let client: Billwright;
let tenants = 0;

beforeAll(async () => {
  engine = await serveEngine();
  await engine.world.must("PUT", "/v1/catalog", CATALOG);
  client = engine.client({
    entitlements: { streams: 0, retries: 0, timeout: 10_000, whenUnreachable: { default: "closed", features: { chat: "open" } } },
  });
});
afterEach(() => engine.proxy.fault(null));
afterAll(() => engine.close());

async function tenant(): Promise<string> {
  const id = `org-${++tenants}`;
  await engine.world.must("PUT", `/v1/tenants/${id}`, { currency: "usd" });
  await engine.world.must("POST", `/v1/tenants/${id}/subscription`, { plan: "pro" });
  return id;
}

const listening = (server: ReturnType<typeof createServer>) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

const FRAMEWORKS: Record<string, () => Promise<Served>> = {
  express: async () => {
    const { requireQuota, requireFeature } = inExpress.guards(client, { tenant: (request) => request.get(HEADER) });
    const app = express();
    app.get("/reports", requireQuota("reports", { window: "day", soft: false }), (_request, response) => {
      response.json({ ok: true, exceeded: inExpress.grantedOf(response)!.exceeded });
    });
    app.get("/soft", requireQuota("reports", { window: "day", soft: true }), (_request, response) => {
      response.json({ ok: true, exceeded: inExpress.grantedOf(response)!.exceeded });
    });
    app.get("/tokens", requireQuota("tokens", { quantity: (request) => String(request.query.n) }), (_request, response) => {
      response.json({ ok: true });
    });
    app.get("/chat", requireFeature("chat"), (_request, response) => void response.json({ ok: true }));
    app.get("/sso", requireFeature("sso"), (_request, response) => void response.json({ ok: true }));
    app.get("/mistake", requireFeature("no_such"), (_request, response) => void response.json({ ok: true }));
    app.use((_error: unknown, _request: express.Request, response: express.Response, _next: express.NextFunction) => {
      response.status(500).json({ caught: true });
    });
    const server = createServer(app).listen(0, "127.0.0.1");
    await once(server, "listening");
    return { url: listening(server), close: async () => server.close() };
  },
  fastify: async () => {
    const { requireQuota, requireFeature } = inFastify.guards(client, { tenant: (request) => request.headers[HEADER] as string });
    const app = Fastify();
    const exceeded = (request: Parameters<typeof inFastify.grantedOf>[0]) => ({
      ok: true,
      exceeded: inFastify.grantedOf(request)!.exceeded,
    });
    app.get("/reports", { preHandler: requireQuota("reports", { window: "day", soft: false }) }, async (request) => exceeded(request));
    app.get("/soft", { preHandler: requireQuota("reports", { window: "day", soft: true }) }, async (request) => exceeded(request));
    const quantity = (request: { query: unknown }) => String((request.query as { n: string }).n);
    app.get("/tokens", { preHandler: requireQuota("tokens", { quantity }) }, async () => ({ ok: true }));
    app.get("/chat", { preHandler: requireFeature("chat") }, async () => ({ ok: true }));
    app.get("/sso", { preHandler: requireFeature("sso") }, async () => ({ ok: true }));
    app.get("/mistake", { preHandler: requireFeature("no_such") }, async () => ({ ok: true }));
    return { url: await app.listen({ port: 0, host: "127.0.0.1" }), close: () => app.close() };
  },
  hono: async () => {
    const { requireQuota, requireFeature } = inHono.guards(client, { tenant: (context) => context.req.header(HEADER) });
    const app = new Hono();
    app.get("/reports", requireQuota("reports", { window: "day", soft: false }), (c) =>
      c.json({ ok: true, exceeded: inHono.grantedOf(c)!.exceeded }),
    );
    app.get("/soft", requireQuota("reports", { window: "day", soft: true }), (c) =>
      c.json({ ok: true, exceeded: inHono.grantedOf(c)!.exceeded }),
    );
    app.get("/tokens", requireQuota("tokens", { quantity: (c) => c.req.query("n")! }), (c) => c.json({ ok: true }));
    app.get("/chat", requireFeature("chat"), (c) => c.json({ ok: true }));
    app.get("/sso", requireFeature("sso"), (c) => c.json({ ok: true }));
    app.get("/mistake", requireFeature("no_such"), (c) => c.json({ ok: true }));
    return new Promise((resolve) => {
      const server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, ({ port }) =>
        resolve({ url: `http://127.0.0.1:${port}`, close: async () => server.close() }),
      );
    });
  },
  next: serveNext,
};

/** `next dev` on an app of route handlers, in a folder of its own, with the client bundled as users' builds do. */
async function serveNext(): Promise<Served> {
  const dist = fileURLToPath(new URL("../dist/", import.meta.url));
  await mkdir(dist, { recursive: true });
  const app = await mkdtemp(join(dist, "next-"));
  const source = (name: string) => fileURLToPath(new URL(`../src/${name}.ts`, import.meta.url));
  await build({
    entryPoints: { client: source("node"), guards: source("next") },
    outdir: app,
    bundle: true,
    format: "esm",
    platform: "node",
    logLevel: "error",
  });
  await writeFile(join(app, "package.json"), '{ "name": "fixture", "private": true, "type": "module" }');
  await mkdir(join(app, "app"));
  await writeFile(join(app, "app/layout.js"), "export default function Layout({ children }) {\n  return children;\n}\n");
  await writeFile(
    join(app, "billing.js"),
    `import { Billwright } from "./client.js";
import { guards } from "./guards.js";
export { grantedOf } from "./guards.js";
const client = new Billwright({
  url: "${engine.proxy.url}", apiKey: "${KEY}", usage: { spool: "memory" },
  entitlements: { streams: 0, retries: 0, timeout: 10_000, whenUnreachable: { default: "closed", features: { chat: "open" } } },
});
export const { requireQuota, requireFeature } = guards(client, { tenant: (request) => request.headers.get("${HEADER}") });
`,
  );
  const routes: Record<string, string> = {
    reports: 'requireQuota("reports", { window: "day", soft: false })',
    soft: 'requireQuota("reports", { window: "day", soft: true })',
    tokens: 'requireQuota("tokens", { quantity: (request) => request.nextUrl.searchParams.get("n") })',
    chat: 'requireFeature("chat")',
    sso: 'requireFeature("sso")',
    mistake: 'requireFeature("no_such")',
  };
  for (const [name, guard] of Object.entries(routes)) {
    await mkdir(join(app, "app", name));
    const handler = `${guard}(async (request) => Response.json({ ok: true, exceeded: grantedOf(request).exceeded }))`;
    const text = `import { grantedOf, requireFeature, requireQuota } from "../../billing.js";\nexport const GET = ${handler};\n`;
    await writeFile(join(app, "app", name, "route.js"), text);
  }
  const port = await freePort();
  const next = fileURLToPath(new URL("../../node_modules/next/dist/bin/next", import.meta.url));
  const child: ChildProcess = spawn(process.execPath, [next, "dev", "--webpack", "-p", String(port), "-H", "127.0.0.1"], {
    cwd: app,
    env: { ...process.env, NEXT_TELEMETRY_DISABLED: "1", NODE_ENV: "development" },
    stdio: ["ignore", "ignore", "inherit"],
    detached: true,
  });
  const url = `http://127.0.0.1:${port}`;
  // Each route is compiled when it is first asked for.
  await eventually(async () => void (await fetch(`${url}/chat`)), 120_000);
  for (const name of Object.keys(routes)) await fetch(`${url}/${name}`);
  return {
    url,
    close: async () => {
      // Its own group: `next dev` serves from a process below.
      process.kill(-child.pid!, "SIGKILL");
      await once(child, "close");
      await rm(app, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

describe.each(Object.keys(FRAMEWORKS))("%s", (name) => {
  let served: Served;
  beforeAll(async () => {
    served = await FRAMEWORKS[name]!();
  }, 240_000);
  afterAll(() => served?.close());

  const get = async (path: string, organization?: string) => {
    const response = await fetch(served.url + path, { headers: organization ? { [HEADER]: organization } : {} });
    const text = await response.text();
    // biome-ignore lint/suspicious/noExplicitAny: answers are looked into freely by tests
    return { status: response.status, headers: response.headers, body: JSON.parse(text) as any };
  };

  test("a quota is used, told in the headers, and then refused as problem+json", { timeout: 60_000 }, async () => {
    const id = await tenant();
    for (const left of [2, 1, 0]) {
      const { status, headers, body } = await get("/reports", id);
      expect([status, body]).toEqual([200, { ok: true, exceeded: false }]);
      expect(headers.get("ratelimit-policy")).toBe('"reports-day";q=3;w=86400');
      expect(headers.get("ratelimit")).toMatch(new RegExp(`^"reports-day";r=${left};t=\\d+$`));
    }
    const { status, headers, body } = await get("/reports", id);
    expect(status).toBe(429);
    expect(headers.get("content-type")).toContain("application/problem+json");
    expect(headers.get("ratelimit")).toMatch(/^"reports-day";r=0;t=\d+$/);
    expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
    expect(Number(headers.get("retry-after"))).toBeLessThanOrEqual(86_400);
    expect(body).toMatchObject({ status: 429, code: "quota_exceeded", feature: "reports", limit: 3, used: 3, remaining: 0, window: "day" });
    expect((await client.entitlements.check(id, "reports", { maxAge: 0 })).used).toBe(3);
  });

  test("a soft one goes on, says so, and is recorded", { timeout: 60_000 }, async () => {
    const id = await tenant();
    const exceeded: boolean[] = [];
    for (let i = 0; i < 5; i++) exceeded.push((await get("/soft", id)).body.exceeded);
    expect(exceeded).toEqual([false, false, false, true, true]);
    await eventually(async () => expect((await client.entitlements.check(id, "reports", { maxAge: 0 })).used).toBe(5));
  });

  test("a quantity is read from the request", { timeout: 60_000 }, async () => {
    const id = await tenant();
    expect((await get("/tokens?n=999.5", id)).status).toBe(200);
    expect((await get("/tokens?n=0.6", id)).status).toBe(429);
    expect((await get("/tokens?n=0.5", id)).status).toBe(200);
  });

  test("a feature is there or it is not, and nobody is nobody", { timeout: 60_000 }, async () => {
    const id = await tenant();
    expect(await get("/chat", id)).toMatchObject({ status: 200, body: { ok: true } });
    const refused = await get("/sso", id);
    expect(refused).toMatchObject({ status: 403, body: { code: "forbidden", reason: "not_in_plan", feature: "sso" } });
    expect(refused.headers.get("content-type")).toContain("application/problem+json");
    expect(await get("/chat")).toMatchObject({ status: 401, body: { code: "unauthenticated" } });
    expect(await get("/reports", "stranger")).toMatchObject({ status: 403, body: { code: "tenant_not_found" } });
    await engine.world.must("POST", `/v1/tenants/${id}/subscription/pause`, {});
    await client.entitlements.check(id, "chat", { maxAge: 0 });
    expect(await get("/reports", id)).toMatchObject({ status: 403, body: { code: "paused" } });
  });

  test("a mistake of the set-up is the framework's error", async () => {
    const id = await tenant();
    const response = await fetch(`${served.url}/mistake`, { headers: { [HEADER]: id } });
    await response.text();
    expect(response.status).toBe(500);
  });

  test("while the engine is away each feature has its policy", async () => {
    const id = await tenant();
    engine.proxy.fault("away");
    expect(await get("/chat", id)).toMatchObject({ status: 200 });
    const closed = await get("/reports", id);
    expect(closed).toMatchObject({ status: 503, body: { code: "unavailable", reason: "unreachable" } });
    expect(closed.headers.get("retry-after")).toBe("5");
    engine.proxy.fault(null);
    await eventually(async () => expect((await get("/reports", id)).status).toBe(200));
  });
});
