/** Processes that come and go: none takes a request or a job with it, each says truly whether it is ready, and a pooler may stand before the database. */
import { readFileSync } from "node:fs";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseAllDocuments, parse as parseYaml } from "yaml";
import { readConfig } from "../src/config.ts";
import { migrate } from "../src/db/migrate.ts";
import { CONNECT_QUERY } from "../src/db/pooler.ts";
import { createBillwright } from "../src/engine.ts";
import { freePort, killEngines, startEngine } from "./engine-process.ts";
import { startBouncer } from "./pgbouncer.ts";
import { until } from "./queues/sqs.ts";
import { createWorld, TEST_KEY, type World } from "./world.ts";

let world: World;
const authorization = `Bearer ${TEST_KEY}`;

beforeAll(async () => {
  world = await createWorld({ worker: true, config: { logLevel: "silent" } });
  await world.must("PUT", "/v1/catalog", { meters: [{ key: "tokens", event: "llm", aggregation: "sum", property: "n" }], plans: [] });
  await world.must("PUT", "/v1/tenants/acme", {});
});
afterAll(async () => {
  killEngines();
  await world?.close();
});

test("SIGTERM: it says that it is not ready, serves what still comes and what is under way, ends streams, and loses nothing", {
  timeout: 60_000,
}, async () => {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const engine = startEngine(["serve", "--role", "api", "--port", String(port)], {
    DATABASE_URL: world.billing.databaseUrl,
    LOG_LEVEL: "error",
    SHUTDOWN_DRAIN_SECONDS: "1",
  });
  await engine.until("serves http");
  const ready = async () => (await fetch(`${url}/readyz`)).status;
  expect(await ready()).toBe(200);
  const stream = await fetch(`${url}/v1/tenants/acme/events/stream`, { headers: { authorization } });
  const streamed = stream.text();
  let key = 0;
  let stopping = false;
  const answers: string[] = [];
  const record = async () => {
    const response = await fetch(`${url}/v1/usage`, {
      method: "POST",
      headers: { authorization, "content-type": "application/json" },
      body: JSON.stringify({ tenant_id: "acme", event: "llm", idempotency_key: `drain${key++}`, properties: { n: 1 } }),
    });
    answers.push(`${response.status}`);
    return response.headers.get("connection");
  };
  const senders = Array.from({ length: 6 }, async () => {
    while (!stopping) await record();
  });
  await until(() => answers.length > 50);
  const ended = engine.end("SIGTERM");
  await until(async () => (await ready()) === 503);
  expect(await record()).toBe("close");
  // One that is under way when the server closes waits for a lock until well after that.
  const lock = await world.owner.connect();
  await lock.query("begin");
  await lock.query("lock table usage_events in exclusive mode");
  stopping = true;
  const last = record();
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  await lock.query("rollback");
  lock.release();
  await Promise.all([...senders, last]);
  expect([await ended, new Set(answers)]).toEqual([0, new Set(["202"])]);
  // The stream ended, and not by an error.
  await streamed;
  expect((await world.must("GET", "/v1/tenants/acme/usage?meter=tokens")).items[0].value).toBe(key);
});

test("a worker tells how it is, and ends in good order", { timeout: 60_000 }, async () => {
  const port = await freePort();
  const engine = startEngine(["serve", "--role", "worker"], {
    DATABASE_URL: world.billing.databaseUrl,
    LOG_LEVEL: "error",
    HEALTH_PORT: String(port),
  });
  await engine.until(`tells how it is at http://127.0.0.1:${port}`);
  expect(await (await fetch(`http://127.0.0.1:${port}/readyz`)).json()).toEqual({ status: "ok" });
  expect((await fetch(`http://127.0.0.1:${port}/v1/plans`)).status).toBe(404);
  expect(await engine.end("SIGTERM")).toBe(0);
});

test("jobs of a worker that was killed are free within seconds, those of one that lives are not", { timeout: 60_000 }, async () => {
  const living = new pg.Client({ connectionString: world.billing.databaseUrl });
  await living.connect();
  try {
    await living.query("select pg_advisory_lock_shared(4400003, hashtext('pool-living'))");
    const later = new Date(Date.now() + 3_600_000);
    const ids = await Promise.all(["living", "dead"].map(() => world.billing.jobs.enqueue("renew-due", {}, { runAt: later })));
    const held = (id: string, worker: string) =>
      world.owner.query(
        "update graphile_worker._private_jobs set locked_by = $2, locked_at = now() - interval '1 minute', run_at = now() where id = $1",
        [id.replace("job_", ""), worker],
      );
    await held(ids[0]!.id, "pool-living");
    await held(ids[1]!.id, "pool-dead");
    await until(async () => (await world.must("GET", `/v1/jobs/${ids[1]!.id}`)).state === "succeeded", 30);
    expect((await world.must("GET", `/v1/jobs/${ids[0]!.id}`)).state).toBe("running");
  } finally {
    await living.end();
  }
});

test("a program older than its database does not start; one that lacks a migration is not ready", async () => {
  const { owner } = world;
  await owner.query("insert into schema_migrations (name, sha256) values ('9999_later.sql', 'x')");
  await expect(migrate(world.billing.databaseUrl)).rejects.toThrow("newer than this program: it has had 9999_later.sql");
  // One that runs goes on: a rolling update begins with the database.
  expect((await world.get("/readyz")).status).toBe(200);
  await owner.query("delete from schema_migrations where name = '9999_later.sql'");
  const fresh = await createBillwright({ database: world.billing.databaseUrl, worker: false, config: { logLevel: "silent" } });
  try {
    await owner.query("update schema_migrations set name = 'x' || name where name = '0002_usage.sql'");
    const answer = await fresh.app.inject("/readyz");
    expect([answer.statusCode, answer.json().reason]).toEqual([503, expect.stringContaining("0002_usage.sql")]);
  } finally {
    await owner.query("update schema_migrations set name = '0002_usage.sql' where name = 'x0002_usage.sql'");
    await fresh.close();
  }
});

test("through PgBouncer in transaction mode all is as without it, tenants stay apart, and one that is set up wrong is told", {
  timeout: 120_000,
}, async () => {
  const direct = world.billing.databaseUrl;
  const settings = {
    databaseDirectUrl: direct,
    databasePooler: "transaction",
    logLevel: "silent",
    databasePoolSize: 12,
    apiKey: TEST_KEY,
  } as const;
  const bare = await startBouncer(direct, "");
  await expect(createBillwright({ database: bare.url, worker: false, config: settings })).rejects.toThrow("It must run on each: set role");
  bare.stop();
  const bouncer = await startBouncer(direct, CONNECT_QUERY);
  const billing = await createBillwright({ database: bouncer.url, config: settings });
  try {
    const ask = (method: "GET" | "PUT" | "POST", url: string, payload?: object, key = TEST_KEY) =>
      billing.app.inject({ method, url, headers: { authorization: `Bearer ${key}` }, ...(payload ? { payload } : {}) });
    for (const tenant of ["one", "two"]) await ask("PUT", `/v1/tenants/${tenant}`, {});
    const keys = await Promise.all(
      ["one", "two"].map(
        async (tenant_id) => (await ask("POST", "/v1/api-keys", { name: tenant_id, scopes: ["admin"], tenant_id })).json().secret as string,
      ),
    );
    // Many at once over three connections: each transaction says anew for whom it is.
    const answers = await Promise.all(
      Array.from({ length: 120 }, async (_, i) => {
        const [own, other] = i % 2 ? ["one", "two"] : ["two", "one"];
        const key = keys[own === "one" ? 0 : 1]!;
        await ask("POST", "/v1/usage", { tenant_id: own, event: "llm", idempotency_key: `b${i}`, properties: { n: 1 } }, key);
        return [
          (await ask("GET", `/v1/tenants/${own}/usage?meter=tokens`, undefined, key)).statusCode,
          (await ask("GET", `/v1/tenants/${other}`, undefined, key)).statusCode,
        ];
      }),
    );
    expect(new Set(answers.flat().map(String))).toEqual(new Set(["200", "404"]));
    expect((await ask("GET", "/v1/tenants/one/usage?meter=tokens")).json().items[0].value).toBe(60);
    const { id } = await billing.jobs.enqueue("aggregate_daily");
    await until(async () => (await billing.jobs.get(id)).state === "succeeded");
    expect((await ask("GET", "/readyz")).statusCode).toBe(200);
  } finally {
    await billing.close();
    bouncer.stop();
  }
});

test("what is shipped to run it elsewhere names settings that there are", () => {
  const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
  const asked = new Set<string>();
  readConfig(new Proxy({}, { get: (_target, name) => void asked.add(String(name)) }));
  type Service = { environment?: Record<string, unknown>; command?: string[] };
  const { services } = parseYaml(read("compose.yaml"), { merge: true }) as { services: Record<string, Service> };
  const engines = Object.values(services).filter(({ command }) => command?.includes("serve"));
  expect(engines.map(({ command }) => command!.at(-1)).sort()).toEqual(["api", "api", "worker", "worker"]);
  const manifests = parseAllDocuments(read("deploy/kubernetes/billwright.yaml")).map(
    (one) => one.toJS() as { kind: string; data?: object },
  );
  const maps = manifests.filter(({ kind }) => kind === "ConfigMap").map(({ data }) => data!);
  const names = [...engines.map(({ environment }) => environment!), ...maps].flatMap((one) => Object.keys(one));
  expect(names.length).toBeGreaterThan(20);
  expect(names.filter((name) => !asked.has(name))).toEqual([]);
  for (const service of ["api-1", "api-2"]) expect(read("deploy/nginx.conf")).toContain(`server ${service}:4400`);
  expect(read("deploy/pgbouncer.ini")).toContain(`connect_query='${CONNECT_QUERY.replaceAll("'", "''")}'`);
});
