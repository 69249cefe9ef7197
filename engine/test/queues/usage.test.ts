/** Usage over SQS: in by the API or by anybody, stored once whoever reads it, and nothing bad in the way of what is good. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { createBillwright } from "../../src/engine.ts";
import { createWorld, type World } from "../world.ts";
import { type Sqs, sqsSettings, startSqs, until } from "./sqs.ts";

let sqs: Sqs;
/** Only writes; what is on the queue stays there until a reader is started. */
let world: World;
let url: string;
const urls: Record<string, string> = {};

beforeAll(async () => {
  sqs = await startSqs();
  url = await sqs.create("usage");
  urls.fifo = await sqs.create("usage.fifo", { FifoQueue: "true" });
  world = await createWorld({ config: { sqs: sqsSettings(sqs, { usageUrl: url }), logLevel: "silent" } });
  await world.must("PUT", "/v1/catalog", { meters: [{ key: "tokens", event: "llm", aggregation: "sum", property: "n" }], plans: [] });
});
afterAll(async () => {
  await world?.close();
  await sqs?.stop();
});

const event = (tenant_id: string, key: string, n: unknown = 1) => ({ tenant_id, event: "llm", idempotency_key: key, properties: { n } });
const total = async (tenant: string) => (await world.must("GET", `/v1/tenants/${tenant}/usage?meter=tokens`)).items[0].value as number;
const deadJobs = async () => (await world.owner.query("select key, attempts, max_attempts, last_error from graphile_worker.jobs")).rows;

/** An engine that reads, on the same database; its jobs run too. */
async function reader(given: Partial<ReturnType<typeof sqsSettings>> = {}) {
  return createBillwright({
    database: world.billing.databaseUrl,
    config: { sqs: sqsSettings(sqs, { usageUrl: url, ...given }), logLevel: "silent", databasePoolSize: 4 },
  });
}

async function emptied(queue = url): Promise<void> {
  await until(async () => {
    const { waiting, taken } = await sqs.left(queue);
    return waiting + taken === 0;
  });
}

test("it is checked at once, answered when all is on the queue, and stored when it is read", async () => {
  await world.must("PUT", "/v1/tenants/whole", {});
  const bad = await world.post("/v1/usage/async", [event("whole", "a"), event("nobody", "b"), event("whole", "c", "much")]);
  expect([bad.status, bad.body.errors.map((fault: { path: string }) => fault.path)]).toEqual([422, ["[1].tenant_id", "[2].properties.n"]]);
  expect(await sqs.left(url)).toEqual({ waiting: 0, taken: 0 });
  const events = Array.from({ length: 137 }, (_, i) => event("whole", `k${i}`, i === 0 ? 0.125 : 2));
  expect((await world.post("/v1/usage/async", events)).body).toEqual({ queued: 137 });
  expect((await world.post("/v1/usage/async", event("whole", "alone", "1"))).body).toEqual({ queued: 1 });
  expect(await sqs.left(url)).toEqual({ waiting: 138, taken: 0 });
  const engine = await reader();
  try {
    await emptied();
    expect(await total("whole")).toBe(273.125);
  } finally {
    await engine.close();
  }
});

test("a part of a batch that SQS refuses is sent again, and only that part", async () => {
  await world.must("PUT", "/v1/tenants/part", {});
  const refused: number[] = [];
  sqs.refuse = (action, entry) => {
    const fails = action === "SendMessageBatch" && refused.length < 9 && entry % 3 === 0;
    if (fails) refused.push(entry);
    return !fails;
  };
  try {
    const events = Array.from({ length: 25 }, (_, i) => event("part", `k${i}`));
    expect((await world.post("/v1/usage/async", events)).body).toEqual({ queued: 25 });
    expect(refused.length).toBe(9);
  } finally {
    sqs.refuse = null;
  }
  const keys = (await sqs.drain(url)).map(({ body }) => JSON.parse(body).idempotency_key as string);
  expect(keys.sort()).toEqual(Array.from({ length: 25 }, (_, i) => `k${i}`).sort());
});

test("lesson 14: what SQS does not take is not answered as taken: it waits in the database, and is stored from there", {
  timeout: 60_000,
}, async () => {
  await world.must("PUT", "/v1/tenants/away", {});
  sqs.refuse = (action) => action !== "SendMessageBatch";
  try {
    const events = Array.from({ length: 25 }, (_, i) => event("away", `k${i}`));
    expect((await world.post("/v1/usage/async", events)).body).toEqual({ queued: 25 });
  } finally {
    sqs.refuse = null;
  }
  expect([await sqs.left(url), (await world.must("GET", "/v1/tenants/away/usage?meter=tokens")).items[0].value]).toEqual([
    { waiting: 0, taken: 0 },
    0,
  ]);
  const engine = await reader();
  try {
    await until(async () => (await total("away")) === 25);
  } finally {
    await engine.close();
  }
});

test("lesson 14: an event whose answer was lost is sent again and counts, on a FIFO queue too, where the first may have been refused", async () => {
  await world.must("PUT", "/v1/tenants/fifo", {});
  const writer = await createBillwright({
    database: world.billing.databaseUrl,
    worker: false,
    config: { sqs: sqsSettings(sqs, { usageUrl: urls.fifo! }), logLevel: "silent", databasePoolSize: 4 },
  });
  try {
    const usage = async () =>
      writer.app.inject({
        method: "POST",
        url: "/v1/usage/async",
        headers: { authorization: "Bearer bw_test_key_of_the_test_world", "content-type": "application/json" },
        payload: JSON.stringify([event("fifo", "once"), event("whole", "once more")]),
      });
    let lost = 0;
    sqs.loseAnswers = (action) => action === "SendMessageBatch" && lost++ === 0;
    expect((await usage()).json()).toEqual({ queued: 2 });
    sqs.loseAnswers = null;
    // Again by the caller, which the queue must not take for the same sending: only the store knows what was stored.
    expect((await usage()).json()).toEqual({ queued: 2 });
    const messages = await sqs.drain(urls.fifo!);
    expect([lost > 1, messages.map(({ group }) => group).sort(), new Set(messages.map(({ dedup }) => dedup)).size]).toEqual([
      true,
      ["fifo", "fifo", "whole", "whole"],
      4,
    ]);
  } finally {
    sqs.loseAnswers = null;
    await writer.close();
  }
});

test("lesson 34: two engines read beside each other while messages come twice, in other orders: each event counts once", {
  timeout: 60_000,
}, async () => {
  await world.must("PUT", "/v1/tenants/twice", {});
  const events = Array.from({ length: 300 }, (_, i) => ({
    event_type: "llm",
    workspace_id: "twice",
    idempotency_key: `k${i}`,
    metadata: { n: 1 },
  }));
  await sqs.sendAll(url, events);
  await sqs.sendAll(url, events.toReversed());
  // Half of what is deleted is not, so that it comes a third time when its time is up.
  let deletes = 0;
  sqs.refuse = (action, entry) => !(action === "DeleteMessageBatch" && entry % 2 === 0 && deletes++ < 200);
  const engines = await Promise.all([reader({ visibilitySeconds: 2 }), reader({ visibilitySeconds: 2 })]);
  try {
    await until(() => deletes >= 200);
    sqs.refuse = null;
    await emptied();
    expect(await total("twice")).toBe(300);
  } finally {
    sqs.refuse = null;
    await Promise.all(engines.map((engine) => engine.close()));
  }
});

test("what takes long stays hidden from the others, and a stop waits for it", { timeout: 60_000 }, async () => {
  await world.must("PUT", "/v1/tenants/slow", {});
  const lock = await world.owner.connect();
  const engines = await Promise.all([reader({ visibilitySeconds: 2 }), reader({ visibilitySeconds: 2 })]);
  let closed = false;
  try {
    await lock.query("begin");
    await lock.query("lock table usage_events in exclusive mode");
    await sqs.send(url, { tenant_id: "slow", event: "llm", properties: { n: 5 } });
    const before = sqs.asked.get("ChangeMessageVisibilityBatch") ?? 0;
    await until(() => (sqs.asked.get("ChangeMessageVisibilityBatch") ?? 0) >= before + 3);
    expect(await sqs.left(url)).toEqual({ waiting: 0, taken: 1 });
    const closing = Promise.all(engines.map((engine) => engine.close())).then(() => {
      closed = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(closed).toBe(false);
    await lock.query("rollback");
    await closing;
    expect([await sqs.left(url), await total("slow")]).toEqual([{ waiting: 0, taken: 0 }, 5]);
  } finally {
    await lock.query("rollback");
    lock.release();
    if (!closed) await Promise.all(engines.map((engine) => engine.close()));
  }
});

test("lesson 24: a bad message holds up no other; it is put aside with its reason, and tried again when that is mended", {
  timeout: 60_000,
}, async () => {
  await world.must("PUT", "/v1/tenants/good", {});
  await sqs.send(url, "no JSON {");
  await sqs.sendAll(url, [
    event("later", "first"),
    ...Array.from({ length: 8 }, (_, i) => event("good", `k${i}`)),
    event("good", "k9", "x"),
  ]);
  const engine = await reader({ maxReceives: 2 });
  try {
    await until(async () => (await total("good")) === 8);
    await emptied();
    await until(async () => (await deadJobs()).filter((job) => job.last_error !== null).length === 3);
    const reasons = (await deadJobs()).map((job) => [job.attempts, job.max_attempts, job.last_error] as const);
    expect(reasons.map(([attempts, max]) => [attempts, max])).toEqual([
      [1, 1],
      [1, 1],
      [1, 1],
    ]);
    for (const word of ["is not valid JSON", 'There is no tenant "later"', "properties.n"])
      expect(reasons.filter(([, , error]) => error.includes(word))).toHaveLength(1);
  } finally {
    await engine.close();
  }
});

test("where the queue has a redrive policy, it puts bad messages aside itself", { timeout: 60_000 }, async () => {
  const dead = await sqs.create("usage-dead");
  const redrive = JSON.stringify({ deadLetterTargetArn: await sqs.arn(dead), maxReceiveCount: 2 });
  const own = await sqs.create("usage-redriven", { RedrivePolicy: redrive });
  await sqs.send(own, event("good", "bad one", "x"));
  await sqs.send(own, event("good", "good one", 100));
  const before = (await deadJobs()).length;
  const engine = await reader({ usageUrl: own, maxReceives: 1 });
  try {
    await until(async () => (await sqs.left(dead)).waiting === 1);
    await emptied(own);
    expect([await total("good"), (await deadJobs()).length]).toEqual([108, before]);
  } finally {
    await engine.close();
  }
});

test("an event keeps the time at which it was taken in, however long it waits", async () => {
  const clock = await world.clock("2026-01-10T00:00:00Z");
  await world.must("PUT", "/v1/tenants/waits", { test_clock: clock.id });
  await world.must("POST", "/v1/usage/async", event("waits", "k", 3));
  await clock.to("2026-06-01T00:00:00Z");
  const engine = await reader();
  try {
    await emptied();
    const { items } = await world.must("GET", "/v1/tenants/waits/usage/events");
    expect(items).toMatchObject([{ at: "2026-01-10T00:00:00Z" }]);
  } finally {
    await engine.close();
  }
});
