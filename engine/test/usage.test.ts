/** Recording usage over HTTP: identity, duplicates, what is refused, what is stored. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Answer, createWorld, type World } from "./world.ts";

let world: World;
let clock: Awaited<ReturnType<World["clock"]>>;

beforeAll(async () => {
  world = await createWorld();
  clock = await world.clock("2024-03-15T12:00:00Z");
  await world.must("PUT", "/v1/catalog", {
    meters: [
      { key: "requests", event: "llm_request", aggregation: "count" },
      { key: "tokens", event: "llm_request", aggregation: "sum", property: "tokens" },
      { key: "eu_seconds", event: "job", aggregation: "sum", filters: { region: ["eu"] } },
    ],
    plans: [],
  });
});
afterAll(() => world.close());

let made = 0;
async function tenant(fields: Record<string, unknown> = {}): Promise<string> {
  const id = `t${++made}`;
  await world.must("PUT", `/v1/tenants/${id}`, { test_clock: clock.id, ...fields });
  return id;
}

async function total(id: string, meter: string, from = "2024-01-01T00:00:00Z", to = "2024-05-01T00:00:00Z"): Promise<string> {
  const answer = await world.must("GET", `/v1/tenants/${id}/usage?meter=${meter}&from=${from}&to=${to}`);
  return String(answer.items[0].value);
}

const llm = (tenant_id: string, idempotency_key: string, more: Record<string, unknown> = {}) => ({
  tenant_id,
  event: "llm_request",
  idempotency_key,
  properties: { tokens: 10 },
  ...more,
});

test("an event is accepted once: the same again is a duplicate with the same id", async () => {
  const id = await tenant();
  const first = await world.post("/v1/usage", llm(id, "a"));
  expect(first.status).toBe(202);
  expect(first.body).toEqual({ id: expect.stringMatching(/^use_[0-7][0-9a-z]{25}$/), status: "accepted" });
  const again = await world.post("/v1/usage", llm(id, "a"));
  expect(again.body).toEqual({ id: first.body.id, status: "duplicate" });
  expect(await total(id, "tokens")).toBe("10");
  expect(await total(id, "requests")).toBe("1");
});

test("identity holds for ever: the same key in another month, or with other content, is a duplicate with a conflict", async () => {
  const id = await tenant();
  await world.must("POST", "/v1/usage", llm(id, "k", { at: "2024-02-28T00:00:00Z" }));
  for (const more of [{ at: "2024-03-10T00:00:00Z" }, { properties: { tokens: 11 } }, { amount: 2 }]) {
    const answer = await world.post("/v1/usage", llm(id, "k", { at: "2024-02-28T00:00:00Z", ...more }));
    expect(answer.body).toMatchObject({ status: "duplicate", conflict: true });
  }
  // Written otherwise, but the same content; and without `at` there is none that could differ.
  const same = await world.post("/v1/usage", llm(id, "k", { at: "2024-02-28T05:30:00.000+05:30", amount: "1.000" }));
  expect(same.body).not.toHaveProperty("conflict");
  expect((await world.post("/v1/usage", llm(id, "k"))).body).not.toHaveProperty("conflict");
  expect(await total(id, "tokens")).toBe("10");
});

test("the key is one event's name and one tenant's", async () => {
  const [a, b] = [await tenant(), await tenant()];
  for (const event of [llm(a, "x"), llm(b, "x"), { ...llm(a, "x"), event: "job" }]) {
    expect((await world.post("/v1/usage", event)).body.status).toBe("accepted");
  }
});

test("a duplicate within a batch: the first wins", async () => {
  const id = await tenant();
  const answer = await world.post("/v1/usage", [llm(id, "1"), llm(id, "2"), llm(id, "1", { properties: { tokens: 99 } }), llm(id, "2")]);
  expect(answer.body).toMatchObject({ accepted: 2, duplicates: 2 });
  expect(answer.body.results.map((result: Answer["body"]) => [result.status, result.conflict ?? false])).toEqual([
    ["accepted", false],
    ["accepted", false],
    ["duplicate", true],
    ["duplicate", false],
  ]);
  expect(answer.body.results[2].id).toBe(answer.body.results[0].id);
  expect(await total(id, "tokens")).toBe("20");
});

test("an event that no meter reads is stored, and said to be unmatched", async () => {
  const id = await tenant();
  expect((await world.post("/v1/usage", { tenant_id: id, event: "unknown" })).body).toMatchObject({ status: "accepted", matched: [] });
  const filtered = await world.post("/v1/usage", { tenant_id: id, event: "job", properties: { region: "us" } });
  expect(filtered.body.matched).toEqual([]);
  const read = await world.post("/v1/usage", { tenant_id: id, event: "job", amount: "2.5", properties: { region: "eu" } });
  expect(read.body).not.toHaveProperty("matched");
  expect(await total(id, "eu_seconds")).toBe("2.5");
  expect((await world.get(`/v1/tenants/${id}/usage/events`)).body.items).toHaveLength(3);
});

test("numbers of more than 15 digits stay exact", async () => {
  const id = await tenant();
  const send = (key: string, tokens: string) =>
    world.must(
      "POST",
      "/v1/usage",
      `{"tenant_id":"${id}","event":"llm_request","idempotency_key":"${key}","properties":{"tokens":${tokens}}}`,
    );
  await send("a", "12345678901234567890.123456789012");
  await send("b", "0.000000000001");
  await send("c", '"-0.000000000003"');
  const answer = await world.get(`/v1/tenants/${id}/usage?meter=tokens&from=2024-01-01T00:00:00Z&to=2024-05-01T00:00:00Z`);
  expect(answer.text).toContain('"value":12345678901234567890.12345678901');
});

test.each<[string, Record<string, unknown> | string, string]>([
  ["unknown field", { amonut: 5 }, "amonut"],
  ["no event name", { event: undefined }, "event"],
  ["event name with spaces", { event: "a b" }, "event"],
  ["tenant of another type", { tenant_id: 5 }, "tenant_id"],
  ["negative amount", { amount: -1 }, "amount"],
  ["amount of 40 digits", { amount: "1".repeat(40) }, "amount"],
  ["amount of 21 places", { amount: "0.000000000000000000001" }, "amount"],
  ["NaN", { amount: "NaN" }, "amount"],
  ["null amount", { amount: null }, "amount"],
  ["hexadecimal", { amount: "0x10" }, "amount"],
  ["at in 1970", { at: "1970-01-01T00:00:00Z" }, "at"],
  ["at in 2100", { at: "2100-01-01T00:00:00Z" }, "at"],
  ["36 days late", { at: "2024-02-09T11:59:59.999Z" }, "at"],
  ["more than 5 minutes ahead", { at: "2024-03-15T12:05:00.001Z" }, "at"],
  ["at without offset", { at: "2024-03-15T12:00:00" }, "at"],
  ["at as a number", { at: 1710504000 }, "at"],
  ["empty key", { idempotency_key: "" }, "idempotency_key"],
  ["key of 256", { idempotency_key: "k".repeat(256) }, "idempotency_key"],
  ["key with a line feed", { idempotency_key: "a\nb" }, "idempotency_key"],
  ["properties no object", { properties: [1] }, "properties"],
  ["65 properties", { properties: Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`p${i}`, i])) }, "properties"],
  ["17 KiB of properties", { properties: { tokens: 1, text: "x".repeat(17_000) } }, "properties"],
  ["missing property", { properties: {} }, "properties.tokens"],
  ["property no number", { properties: { tokens: "many" } }, "properties.tokens"],
  ["property null", { properties: { tokens: null } }, "properties.tokens"],
])("refused, naming the field: %s", async (_name, change, path) => {
  const id = await tenant();
  const body = { ...llm(id, "k"), ...(change as Record<string, unknown>) };
  const single = await world.post("/v1/usage", body);
  expect([single.status, single.body.code, single.body.errors?.[0]?.path]).toEqual([422, "invalid_request", path]);
  const batch = await world.post("/v1/usage", [llm(id, "good"), body]);
  expect([batch.status, batch.body.errors?.[0]]).toMatchObject([422, { index: 1, path: `[1].${path}` }]);
  expect((await world.get(`/v1/tenants/${id}/usage/events`)).body.items).toEqual([]);
});

test.each(["1e400", "-1e400", "1e30"])("the number %s is refused by name", async (number) => {
  const id = await tenant();
  const answer = await world.post("/v1/usage", `{"tenant_id":"${id}","event":"llm_request","amount":${number},"properties":{"tokens":1}}`);
  expect([answer.status, answer.body.errors[0].path]).toEqual([422, "amount"]);
  const inside = await world.post("/v1/usage", `{"tenant_id":"${id}","event":"llm_request","properties":{"tokens":${number}}}`);
  expect([inside.status, inside.body.errors[0].path]).toEqual([422, "properties.tokens"]);
});

test("exactly 35 days late and 5 minutes ahead are taken", async () => {
  const id = await tenant();
  for (const at of ["2024-02-09T12:00:00Z", "2024-03-15T12:05:00Z"]) {
    expect((await world.post("/v1/usage", llm(id, at, { at }))).status).toBe(202);
  }
});

test("an unknown tenant: 404 of one event, a fault by index of a batch, nothing stored", async () => {
  const id = await tenant();
  for (const name of ["nobody", "../etc", ""]) {
    const single = await world.post("/v1/usage", llm(name, "a"));
    expect([single.status, single.body.code, single.body.errors[0].path]).toEqual([404, "tenant_not_found", "tenant_id"]);
  }
  const batch = await world.post("/v1/usage", [llm(id, "a"), llm("nobody", "b"), llm(id, "c", { amount: -1 })]);
  expect([batch.status, batch.body.errors.map((error: { path: string }) => error.path)]).toEqual([422, ["[1].tenant_id", "[2].amount"]]);
  expect(await total(id, "requests")).toBe("0");
});

test("10,000 events are taken, 10,001 are not, nor is a body of 20 MiB", async () => {
  const id = await tenant();
  const many = Array.from({ length: 10_001 }, (_, i) => llm(id, `k${i}`, { properties: { tokens: 1 } }));
  expect((await world.post("/v1/usage", many)).status).toBe(422);
  expect(await total(id, "tokens")).toBe("0");
  const answer = await world.post("/v1/usage", many.slice(1));
  expect([answer.status, answer.body.accepted, answer.body.results.length]).toEqual([202, 10_000, 10_000]);
  expect(await total(id, "tokens")).toBe("10000");
  expect((await world.post("/v1/usage", `"${"x".repeat(20 * 1_048_576)}"`)).status).toBe(413);
});

test("an Idempotency-Key header makes a request without keys safe to send again", async () => {
  const id = await tenant();
  const { idempotency_key: _key, ...bare } = llm(id, "");
  const header = { "idempotency-key": "req-1" };
  expect((await world.post("/v1/usage", bare, header)).body.status).toBe("accepted");
  expect((await world.post("/v1/usage", bare, header)).body.status).toBe("duplicate");
  const batch = { "idempotency-key": "req-2" };
  expect((await world.post("/v1/usage", [bare, bare], batch)).body).toMatchObject({ accepted: 2, duplicates: 0 });
  expect((await world.post("/v1/usage", [bare, bare], batch)).body).toMatchObject({ accepted: 0, duplicates: 2 });
  // Without any key each is an event of its own.
  expect((await world.post("/v1/usage", [bare, bare])).body.accepted).toBe(2);
  expect(await total(id, "requests")).toBe("5");
});

test("NDJSON", async () => {
  const id = await tenant();
  const type = { "content-type": "application/x-ndjson" };
  const lines = [llm(id, "1"), llm(id, "2")].map((event) => JSON.stringify(event)).join("\n");
  expect((await world.post("/v1/usage", `${lines}\n`, type)).body).toMatchObject({ accepted: 2 });
  const broken = await world.post("/v1/usage", `${lines}\n{"tenant_id":\n`, type);
  expect([broken.status, broken.body.errors[0].path]).toEqual([422, "[2]"]);
});

test("CloudEvents, structured and as a batch", async () => {
  const id = await tenant();
  const cloud = {
    specversion: "1.0",
    id: "1",
    source: "/gateway",
    type: "llm_request",
    subject: id,
    time: "2024-03-15T11:00:00Z",
    data: { tokens: 7 },
  };
  const one = { "content-type": "application/cloudevents+json; charset=utf-8" };
  const many = { "content-type": "application/cloudevents-batch+json" };
  expect((await world.post("/v1/usage", cloud, one)).body.status).toBe("accepted");
  expect((await world.post("/v1/usage", cloud, one)).body.status).toBe("duplicate");
  const other = { ...cloud, source: "/other", traceparent: "00-ab-cd-01" };
  expect((await world.post("/v1/usage", [cloud, other], many)).body).toMatchObject({ accepted: 1, duplicates: 1 });
  expect(await total(id, "tokens")).toBe("14");
  const wrong = await world.post("/v1/usage", [cloud, { ...cloud, time: "yesterday", subject: "nobody" }], many);
  expect(wrong.body.errors.map((error: { path: string }) => error.path)).toEqual(["[1].subject"]);
  const bad = await world.post("/v1/usage", { ...cloud, specversion: "0.3" }, one);
  expect([bad.status, bad.body.errors[0].path]).toEqual([422, "specversion"]);
  expect((await world.call("PUT", "/v1/tenants/x", "{}", one)).status).toBe(415);
});

test("racing duplicates: each event counts once, whoever sends it and however often", async () => {
  const id = await tenant();
  const sends = Array.from({ length: 60 }, (_, i) => world.post("/v1/usage", [llm(id, `r${i % 7}`), llm(id, `r${(i + 3) % 7}`)]));
  const answers = await Promise.all(sends);
  expect(answers.reduce((sum, answer) => sum + answer.body.accepted, 0)).toBe(7);
  expect(await total(id, "tokens")).toBe("70");
});

test("raw events: newest first, page by page, filtered", async () => {
  const id = await tenant();
  const at = (i: number) => `2024-03-15T11:0${i}:00.123456Z`;
  await world.must(
    "POST",
    "/v1/usage",
    Array.from({ length: 7 }, (_, i) => llm(id, `p${i}`, { at: at(i), event: i % 2 ? "job" : "llm_request" })),
  );
  const seen: string[] = [];
  for (let cursor = ""; ; ) {
    const page = await world.must("GET", `/v1/tenants/${id}/usage/events?limit=3${cursor && `&cursor=${cursor}`}`);
    seen.push(...page.items.map((item: { idempotency_key: string }) => item.idempotency_key));
    if (!page.next_cursor) break;
    cursor = page.next_cursor;
  }
  expect(seen).toEqual(["p6", "p5", "p4", "p3", "p2", "p1", "p0"]);
  const jobs = await world.must("GET", `/v1/tenants/${id}/usage/events?event=job&from=2024-03-15T11:02:00Z&to=2024-03-15T11:06:00Z`);
  expect(jobs.items).toMatchObject([
    { idempotency_key: "p5", at: at(5), amount: 1, properties: { tokens: 10 }, tenant_id: id },
    { idempotency_key: "p3" },
  ]);
  expect((await world.get(`/v1/tenants/${id}/usage/events?cursor=bm9wZQ`)).status).toBe(422);
});
