/**
 * Checks over HTTP against the same server answering a constant, and in the process without HTTP. A thousand tenants, a hard limit
 * by the month, counters from memory; also while usage of the same tenants comes in, and consumption of one limit by many.
 * Rounds take turns, so that noise hits each alike; medians count. CHECKS (40,000 a round) and ROUNDS (3) set the sizes.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setImmediate as immediate } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { createBillwright } from "../engine/src/engine.ts";
import { benchDatabase } from "./database.ts";
import { median } from "./ingest-setup.ts";
import { getRequest, httpRequest, type Load, send } from "./load.ts";
import { report } from "./table.ts";

const CHECKS = Number(process.env.CHECKS ?? 40_000);
const ROUNDS = Number(process.env.ROUNDS ?? 3);
const TENANTS = 1_000;
const CONNECTIONS = 64;
const API_KEY = "bench_key_of_the_checks";
const HEADERS = { authorization: `Bearer ${API_KEY}` };

const CATALOG = {
  meters: [{ key: "calls", event: "call", aggregation: "count" }],
  features: [{ key: "api", type: "metered", meter: "calls" }],
  plans: [
    { key: "free", default: true, prices: [], entitlements: [{ feature: "api", limit: 1_000_000, window: "month", enforcement: "hard" }] },
  ],
};

const tenantOf = (i: number) => `tenant_${i % TENANTS}`;
const checks = (count: number, path: (tenant: string) => string) =>
  Array.from({ length: count }, (_none, i) => getRequest(path(tenantOf(i * 7)), HEADERS));
const entitlement = (tenant: string) => `/v1/tenants/${tenant}/entitlements/api`;
const constant = (tenant: string) => `/bench/${tenant}/constant/api`;
const consumptions = (count: number, tenant: (i: number) => string) =>
  Array.from({ length: count }, (_none, i) => httpRequest(`${entitlement(tenant(i))}/consume`, "{}", HEADERS));
const usage = (count: number) =>
  Array.from({ length: count }, (_none, i) =>
    httpRequest(
      "/v1/usage",
      JSON.stringify(Array.from({ length: 20 }, (_, j) => ({ tenant_id: tenantOf(i * 20 + j), event: "call" }))),
      HEADERS,
    ),
  );

async function startServer(database: string): Promise<{ port: number; child: ChildProcess }> {
  const path = fileURLToPath(new URL("./check-server.ts", import.meta.url));
  const child = spawn(process.execPath, [path, database, API_KEY], { stdio: ["pipe", "pipe", "inherit"] });
  const [line] = (await once(createInterface(child.stdout!), "line")) as [string];
  return { port: (JSON.parse(line) as { port: number }).port, child };
}

/** Checks a second in this process, one after the other. */
async function inProcess(database: string): Promise<number> {
  const billing = await createBillwright({ database, worker: false, config: { logLevel: "error", rateLimit: 10_000_000 } });
  try {
    const names = Array.from({ length: TENANTS }, (_none, i) => tenantOf(i));
    for (let round = 0; round < 20; round++) await Promise.all(names.map((name) => billing.entitlements.check(name, "api")));
    const rates: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const start = performance.now();
      let granted = 0;
      for (let i = 0; i < 1_000_000; i++) {
        if ((await billing.entitlements.check(names[i % TENANTS]!, "api")).has_access) granted += 1;
        // As a server would, it lets others have their turn.
        if (i % 10_000 === 0) await immediate();
      }
      if (granted !== 1_000_000) throw new Error(`granted ${granted}`);
      rates.push(1_000_000_000 / (performance.now() - start));
    }
    return median(rates);
  } finally {
    await billing.close();
  }
}

const database = await benchDatabase();
const { port, child } = await startServer(database.url);
try {
  const setUp = await createBillwright({ database: database.url, worker: false, config: { logLevel: "error", rateLimit: 10_000_000 } });
  const key = { authorization: `Bearer ${API_KEY}`, "content-type": "application/json" };
  const put = await setUp.app.inject({ method: "PUT", url: "/v1/catalog", headers: key, payload: JSON.stringify(CATALOG) });
  if (put.statusCode !== 200) throw new Error(put.body);
  await setUp.ctx.pool.query(
    `insert into tenants (id, created_at, updated_at) select 'tenant_' || i, now(), now() from generate_series(0, ${TENANTS - 1}) i`,
  );
  await setUp.close();

  for (const path of [entitlement, constant]) await send(port, checks(8_000, path), CONNECTIONS, 200);
  await send(
    port,
    consumptions(1_000, () => "tenant_1"),
    CONNECTIONS,
    200,
  );

  const loads = { constant: [] as Load[], check: [] as Load[], busy: [] as Load[], hot: [] as Load[], many: [] as Load[] };
  for (let round = 0; round < ROUNDS; round++) {
    loads.constant.push(await send(port, checks(CHECKS, constant), CONNECTIONS, 200));
    loads.check.push(await send(port, checks(CHECKS, entitlement), CONNECTIONS, 200));
    // Usage of all tenants beside it, at a pace: 20 events a request, some thousands a second.
    const [busy] = await Promise.all([send(port, checks(CHECKS, entitlement), CONNECTIONS, 200), send(port, usage(CHECKS / 80), 1, 202)]);
    loads.busy.push(busy);
    loads.hot.push(
      await send(
        port,
        consumptions(CHECKS / 10, () => "tenant_1"),
        CONNECTIONS,
        200,
      ),
    );
    loads.many.push(
      await send(
        port,
        consumptions(CHECKS / 10, (i) => tenantOf(i * 7)),
        CONNECTIONS,
        200,
      ),
    );
  }
  const local = await inProcess(database.url);

  const rate = (some: readonly Load[]) => median(some.map(({ requests, seconds }) => requests / seconds));
  const p99 = (some: readonly Load[]) => median(some.map((load) => load.p99));
  const row = (what: string, some: readonly Load[]) => ({
    what,
    rate: rate(some),
    unit: "requests/s",
    ratio: rate(some) / rate(loads.constant),
    note: `p99 ${p99(some).toFixed(1)} ms, ${(p99(some) / p99(loads.constant)).toFixed(1)} × that of the constant`,
  });
  report("check", `Checks: ${CHECKS.toLocaleString("en")} a round over ${CONNECTIONS} connections, medians of ${ROUNDS}`, [
    row("a constant answer", loads.constant),
    row("check, from memory", loads.check),
    row("check, while usage comes in", loads.busy),
    row("consume, one limit", loads.hot),
    row("consume, 1,000 tenants", loads.many),
    {
      what: "check in the process, no HTTP",
      rate: local,
      unit: "checks/s",
      ratio: local / rate(loads.constant),
      note: "one after the other",
    },
  ]);
} finally {
  child.stdin!.end();
  await once(child, "exit");
  await database.stop();
}
