/** Jobs that somebody asks for: what they do, what can be seen of them, and how a dead one is tried again. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { createBillwright } from "../src/engine.ts";
import { until } from "./queues/sqs.ts";
import { createWorld, type World } from "./world.ts";

let world: World;

beforeAll(async () => {
  world = await createWorld({ worker: true, config: { logLevel: "silent" } });
  await world.must("PUT", "/v1/catalog", {
    meters: [{ key: "tokens", event: "llm", aggregation: "sum", property: "n" }],
    plans: [
      {
        key: "pro",
        name: "Pro",
        currency: "usd",
        interval: "month",
        prices: [{ key: "tokens", type: "usage", meter: "tokens", model: "per_unit", unit_amount: "1" }],
      },
    ],
  });
});
afterAll(() => world?.close());

async function ended(id: string) {
  let job = await world.must("GET", `/v1/jobs/${id}`);
  await until(async () => {
    job = await world.must("GET", `/v1/jobs/${id}`);
    return ["succeeded", "dead"].includes(job.state) || (job.state === "failed" && job.attempts > 0);
  });
  return job;
}
const ask = async (name: string, payload?: unknown, more = {}) =>
  ended((await world.must("POST", "/v1/jobs", { name, payload, ...more })).id);
const aggregated = async (tenant: string) =>
  (await world.must("GET", `/v1/tenants/${tenant}/events?type=usage.aggregated`)).items
    .map((event: { data: unknown }) => event.data)
    .reverse();
const use = (tenant_id: string, at: string, n: string) =>
  world.must("POST", "/v1/usage", { tenant_id, event: "llm", at, properties: { n } });

test("a sweep by the API and by the library: it runs, and how it went is there to be seen", async () => {
  const job = await ask("renew-due");
  expect(job).toMatchObject({ name: "renew-due", state: "succeeded", attempts: 1, last_error: null, payload: null });
  expect(job.duration_ms).toBeGreaterThan(0);
  expect(Date.parse(job.finished_at)).toBeGreaterThanOrEqual(Date.parse(job.started_at));
  const { id } = await world.billing.jobs.enqueue("billing.aggregate_daily", {}, { key: "mine" });
  expect((await ended(id)).key).toBe("mine");
  const later = await world.billing.jobs.enqueue("collect-due", {}, { runAt: new Date(Date.now() + 3_600_000), maxAttempts: 3 });
  expect(await world.must("GET", `/v1/jobs/${later.id}`)).toMatchObject({ state: "scheduled", attempts: 0, max_attempts: 3 });
  const { items, next_cursor } = await world.must("GET", "/v1/jobs?limit=1");
  expect(items.map((item: { id: string }) => item.id)).toEqual([later.id]);
  expect((await world.must("GET", `/v1/jobs?limit=100&cursor=${next_cursor}`)).items.map((item: { id: string }) => item.id)).toContain(id);
  expect((await world.must("GET", "/v1/jobs?state=scheduled&name=collect-due")).items).toHaveLength(1);
});

test("what is asked for is checked, by name and field, and for the operator alone", async () => {
  for (const [body, path] of [
    [{ name: "send-invoice" }, "name"],
    [{ name: "renew-due", payload: { tenant_id: "x" } }, "payload.tenant_id"],
    [{ name: "aggregate_daily", payload: { day_start: "2026-01-01T00:00:00Z" } }, "payload.tenant_id"],
    [
      { name: "generate_monthly_invoice", payload: { tenant_id: "x", period_start: "no", period_end: "2026-01-01T00:00:00Z" } },
      "payload.period_start",
    ],
    [{ name: "renew-due", max_attempts: 0 }, "max_attempts"],
  ] as const) {
    const { status, body: problem } = await world.post("/v1/jobs", body);
    expect([status, problem.errors[0].path]).toEqual([422, path]);
  }
  await world.must("PUT", "/v1/tenants/someone", {});
  const { secret } = await world.must("POST", "/v1/api-keys", { name: "own", scopes: ["billing.write"], tenant_id: "someone" });
  const own = { authorization: `Bearer ${secret}` };
  expect((await world.post("/v1/jobs", { name: "renew-due" }, own)).status).toBe(403);
  expect((await world.call("GET", "/v1/jobs", undefined, own)).status).toBe(403);
  expect((await world.get("/v1/jobs/job_9999999")).status).toBe(404);
  expect((await world.get("/v1/jobs/nonsense")).status).toBe(404);
});

test("the same Idempotency-Key is the same job", async () => {
  const key = { "idempotency-key": "once" };
  const [a, b] = [await world.post("/v1/jobs", { name: "refund-due" }, key), await world.post("/v1/jobs", { name: "refund-due" }, key)];
  expect([a.status, b.status, b.body.id]).toEqual([202, 202, a.body.id]);
});

test("a day is announced once when it is over, and again only where late usage changed it", async () => {
  const clock = await world.clock("2026-03-02T05:00:00Z");
  await world.must("PUT", "/v1/tenants/days", { test_clock: clock.id, time_zone: "Asia/Kolkata" });
  // Both are of 1 March where the tenant is; the third is of the second, which is not over.
  await use("days", "2026-02-28T18:30:00Z", "0.1");
  await use("days", "2026-03-01T18:29:59Z", "0.2");
  await use("days", "2026-03-01T18:30:00Z", "9");
  const day = { meter: "tokens", day_start: "2026-02-28T18:30:00Z", day_end: "2026-03-01T18:30:00Z" };
  expect((await ask("aggregate_daily")).state).toBe("succeeded");
  expect((await ask("aggregate_daily", { tenant_id: "days", metric: "tokens", day_start: "2026-03-01T12:00:00Z" })).state).toBe(
    "succeeded",
  );
  expect(await aggregated("days")).toEqual([{ ...day, total: 0.3, previous_total: null }]);
  await use("days", "2026-03-01T00:00:00Z", "5");
  await ask("aggregate_daily", { tenant_id: "days", day_start: day.day_start });
  await Promise.all([1, 2, 3].map(() => ask("aggregate_daily", { tenant_id: "days", day_start: day.day_start })));
  expect((await aggregated("days")).slice(1)).toEqual([{ ...day, total: 5.3, previous_total: 0.3 }]);
  const early = await ask("aggregate_daily", { tenant_id: "days", day_start: "2026-03-02T05:00:00Z" }, { max_attempts: 1 });
  expect([early.state, early.last_error]).toEqual(["dead", expect.stringContaining("day that is over")]);
  await clock.to("2026-03-03T05:00:00Z");
  await world.must("POST", `/v1/jobs/${early.id}/retry`);
  await until(async () => (await aggregated("days")).length === 3);
  expect((await aggregated("days"))[2]).toMatchObject({ day_start: "2026-03-01T18:30:00Z", total: 9 });
});

test("an invoice is made once, however often it is asked for; what cannot be made yet is dead, and is retried when it can", async () => {
  const clock = await world.clock("2026-01-01T00:00:00Z");
  await world.must("PUT", "/v1/tenants/monthly", { test_clock: clock.id });
  const payload = { tenant_id: "monthly", period_start: "2026-01-01T00:00:00Z", period_end: "2026-02-01T00:00:00Z", currency: "usd" };
  const dead = await ask("generate_monthly_invoice", payload, { max_attempts: 1 });
  expect(dead).toMatchObject({ state: "dead", attempts: 1, payload, last_error: expect.stringContaining("no subscription") });
  expect((await world.must("GET", "/v1/jobs?state=dead&name=generate_monthly_invoice")).items).toHaveLength(1);
  await world.must("POST", "/v1/tenants/monthly/subscription", { plan: "pro" });
  await use("monthly", "2026-01-01T00:00:00Z", "250");
  expect((await world.must("POST", `/v1/jobs/${dead.id}/retry`)).attempts).toBe(0);
  expect(await ended(dead.id)).toMatchObject({ state: "succeeded", attempts: 1 });
  expect((await world.post(`/v1/jobs/${dead.id}/retry`)).body).toMatchObject({ code: "invalid_state", state: "succeeded" });
  const again = await ask("generate_monthly_invoice", payload);
  const other = await ask("generate_monthly_invoice", { ...payload, currency: "eur" }, { max_attempts: 1 });
  expect([again.state, other.last_error]).toEqual(["succeeded", expect.stringContaining("currency")]);
  const { items } = await world.must("GET", "/v1/tenants/monthly/invoices");
  expect(items.map((item: { total: number }) => item.total)).toEqual([250]);
});

test("lesson 24: of many events in one job the bad one alone is left over, and counts when it can", async () => {
  await world.must("PUT", "/v1/tenants/queued", {});
  const event = (tenant_id: string, idempotency_key: string) => ({
    tenantId: tenant_id,
    body: JSON.stringify({ tenant_id, event: "llm", idempotency_key, properties: { n: 1 } }),
  });
  const total = async (tenant: string) => (await world.must("GET", `/v1/tenants/${tenant}/usage?meter=tokens`)).items[0].value;
  await world.billing.ctx.usageQueue.put([event("queued", "a"), event("unknown", "b"), event("queued", "c")]);
  await until(async () => (await total("queued")) === 2);
  let failed: { id: string; last_error: string }[] = [];
  await until(async () => {
    failed = (await world.must("GET", "/v1/jobs?name=take-messages&state=failed")).items;
    return failed.length === 1;
  });
  expect(failed[0]!.last_error).toContain('no tenant "unknown"');
  await world.must("PUT", "/v1/tenants/unknown", {});
  await world.must("POST", `/v1/jobs/${failed[0]!.id}/retry`);
  await until(async () => (await total("unknown")) === 1);
});

test("lesson 34: two workers beside each other: each job once", async () => {
  const other = await createBillwright({ database: world.billing.databaseUrl, config: { logLevel: "silent", databasePoolSize: 4 } });
  try {
    const asked = await Promise.all(Array.from({ length: 60 }, () => world.billing.jobs.enqueue("expire-credits")));
    const numbers = asked.map(({ id }) => id.replace("job_", ""));
    const runs = async () =>
      (await world.owner.query("select attempt, worker, error from job_runs where job_id = any($1::bigint[])", [numbers])).rows;
    await until(async () => (await runs()).length === 60);
    expect((await runs()).filter((run) => run.attempt !== 1 || run.error !== null)).toEqual([]);
  } finally {
    await other.close();
  }
});
