/** The live stream of a tenant over real sockets: what it tells, from where it resumes, who may open it, and how it ends. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sleep } from "../src/clock.ts";
import { type Heard, openClient, type StreamClient, settled } from "./stream-client.ts";
import { createWorld, type World } from "./world.ts";

const NOTHING_MS = 150;
/** Longer than any test: what is told was rung for. */
const POLL_MS = 600_000;
let world: World;
let port: number;
const open: StreamClient[] = [];

async function follow(tenant: string, ask: Parameters<typeof openClient>[2] = {}): Promise<StreamClient> {
  await settled(world);
  const client = await openClient(port, tenant, ask);
  open.push(client);
  return client;
}

const rename = (tenant: string, name: string) => world.must("PUT", `/v1/tenants/${tenant}`, { name });
const history = async (tenant: string, query = ""): Promise<Heard["data"][]> =>
  (await world.must("GET", `/v1/tenants/${tenant}/events?limit=100${query}`)).items;
const idsOf = (events: Heard[]): string[] => events.map((event) => event.data.id);

beforeAll(async () => {
  world = await createWorld({
    config: {
      port: 0,
      stream: { enabled: true, maxOpen: 8, maxPerTenant: 4, heartbeatMs: 200, maxBufferedBytes: 65_536, stallMs: 30_000, pollMs: POLL_MS },
    },
  });
  port = Number(new URL(await world.billing.listen()).port);
  for (const tenant of ["acme", "other"]) await world.must("PUT", `/v1/tenants/${tenant}`, { name: tenant });
});
afterAll(async () => {
  for (const client of open) client.cut();
  await world.close();
});

/** Ends all that are open, and waits until their places are free. */
async function closeAll(): Promise<void> {
  for (const client of open.splice(0)) client.cut();
  while (world.billing.ctx.timeline.counts().streams > 0) await sleep(5);
}

describe("what a stream tells", () => {
  it("is what is new, in the form of the history, and of this tenant alone", async () => {
    const client = await follow("acme");
    expect(client.status).toBe(200);
    expect(client.headers["content-type"]).toBe("text/event-stream; charset=utf-8");
    expect(client.headers["cache-control"]).toContain("no-store");
    expect(client.headers["x-request-id"]).toMatch(/^req_/);
    await rename("other", "Other Inc.");
    await rename("acme", "Acme Inc.");
    const [event, ...more] = await client.until((events) => events.length > 0);
    await sleep(NOTHING_MS);
    expect(more).toEqual([]);
    expect(client.events).toHaveLength(1);
    const [newest] = await history("acme");
    expect(event).toEqual({ id: newest.id, type: "tenant.updated", data: newest });
    expect(client.retry()).toBeGreaterThanOrEqual(1_000);
    await closeAll();
  });

  it("is a comment at every heartbeat", async () => {
    const client = await follow("acme");
    while (client.comments.length < 3) await sleep(20);
    expect(client.events).toEqual([]);
    await closeAll();
  });

  it("is only the types that are asked for, by name and by noun", async () => {
    const client = await follow("acme", { query: "type=invoice.*,tenant.updated" });
    const nothing = await follow("acme", { query: "type=invoice.*&type=payment.failed" });
    while (nothing.lastId() === "") await sleep(5);
    const before = nothing.lastId();
    await rename("acme", "Acme GmbH");
    await client.until((events) => events.length === 1);
    // Its place moves on at a heartbeat all the same, so that it need not read all that again when it comes back.
    while (nothing.lastId() === before) await sleep(20);
    expect(nothing.lastId()).toBe(client.lastId());
    expect(nothing.events).toEqual([]);
    await closeAll();
    expect((await follow("acme", { query: "type=invoice.eaten" })).status).toBe(422);
  });
});

describe("where a stream begins", () => {
  it("after the event that the header names, and then it goes on live", async () => {
    for (const name of ["a", "b", "c"]) await rename("acme", name);
    const past = (await history("acme")).reverse();
    const client = await follow("acme", { lastId: past.at(-3)!.id });
    await client.until((events) => events.length === 2);
    await rename("acme", "d");
    await client.until((events) => events.length === 3);
    expect(idsOf(client.events)).toEqual(
      (await history("acme"))
        .reverse()
        .slice(-3)
        .map((event) => event.id),
    );
    await closeAll();
  });

  it("by the query, which the header goes before; and from the beginning if asked", async () => {
    const past = (await history("acme")).reverse();
    const first = past[0]!.id;
    const fromQuery = await follow("acme", { query: `last_event_id=${first}` });
    await fromQuery.until((events) => events.length === past.length - 1);
    const both = await follow("acme", { query: `last_event_id=${first}`, lastId: past.at(-2)!.id });
    await both.until((events) => events.length === 1);
    const all = await follow("acme", { query: "from=beginning" });
    await all.until((events) => events.length === past.length);
    await sleep(NOTHING_MS);
    expect(idsOf(all.events)).toEqual(past.map((event) => event.id));
    expect(idsOf(fromQuery.events)).toEqual(idsOf(all.events).slice(1));
    expect(both.events).toHaveLength(1);
    await closeAll();
  });

  it("lesson 35: without an id there is no replay of the backlog, and the first id to resume from comes at once", async () => {
    const client = await follow("acme");
    while (client.lastId() === "") await sleep(5);
    const [newest] = await history("acme");
    expect(client.lastId()).toBe(newest.id);
    client.cut();
    await rename("acme", "while nobody looked");
    const back = await follow("acme", { lastId: client.lastId() });
    await back.until((events) => events.length === 1);
    await sleep(NOTHING_MS);
    expect(client.events).toEqual([]);
    expect(back.events[0]!.data.id).toBe((await history("acme"))[0].id);
    await closeAll();
  });

  it("is refused where the id is unknown, of another tenant, or none", async () => {
    const [foreign] = await history("other");
    for (const lastId of [foreign.id, "evt_01j00000000000000000000000", "42", "x".repeat(500)]) {
      const client = await follow("acme", { lastId });
      expect(client.status).toBe(422);
      expect(JSON.parse(await client.text()).errors).toEqual([
        { path: "Last-Event-ID", message: expect.stringContaining("names none of the latest 10,000 events of this tenant") },
      ]);
    }
    await closeAll();
  });
});

describe("who may open a stream", () => {
  const keyOf = async (body: object): Promise<{ id: string; secret: string }> => world.must("POST", "/v1/api-keys", { name: "k", ...body });

  it("is who may read the history: 401, 403, and 404 for another tenant's", async () => {
    const writer = await keyOf({ scopes: ["usage.write"] });
    const other = await keyOf({ scopes: ["billing.read"], tenant_id: "other" });
    const statusOf = async (tenant: string, key: string) => {
      const client = await follow(tenant, { key });
      return [client.status, client.status === 200 ? null : JSON.parse(await client.text()).code];
    };
    expect(await statusOf("acme", "bw_test_nobody")).toEqual([401, "unauthenticated"]);
    expect(await statusOf("acme", writer.secret)).toEqual([403, "forbidden"]);
    expect(await statusOf("acme", other.secret)).toEqual([404, "tenant_not_found"]);
    expect(await statusOf("nobody", other.secret)).toEqual([404, "tenant_not_found"]);
    expect(await statusOf("unknown", (await keyOf({ scopes: ["billing.read"] })).secret)).toEqual([404, "tenant_not_found"]);
    expect(await statusOf("other", other.secret)).toEqual([200, null]);
    await closeAll();
  });

  it("ends when the key is revoked, and is refused from then on", async () => {
    const key = await keyOf({ scopes: ["billing.read"] });
    const client = await follow("acme", { key: key.secret });
    const stays = await follow("acme");
    await world.must("DELETE", `/v1/api-keys/${key.id}`);
    await client.ended;
    expect((await follow("acme", { key: key.secret })).status).toBe(401);
    await rename("acme", "still told");
    await stays.until((events) => events.length === 1);
    await closeAll();
  });

  it("is refused with 429 beyond the limits of a tenant and of the process, and the places come back", async () => {
    for (let i = 0; i < 4; i++) expect((await follow("acme")).status).toBe(200);
    const fifth = await follow("acme");
    expect([fifth.status, fifth.headers["retry-after"]]).toEqual([429, "5"]);
    expect(JSON.parse(await fifth.text()).code).toBe("rate_limited");
    for (let i = 0; i < 4; i++) expect((await follow("other")).status).toBe(200);
    await world.must("PUT", "/v1/tenants/third", {});
    expect((await follow("third")).status).toBe(429);
    await closeAll();
    expect((await follow("third")).status).toBe(200);
    await closeAll();
  });
});

it("is not there where it is switched off", async () => {
  const off = await createWorld({ config: { stream: { ...world.billing.ctx.config.stream, enabled: false } } });
  await off.must("PUT", "/v1/tenants/acme", {});
  const answer = await off.get("/v1/tenants/acme/events/stream");
  expect([answer.status, answer.body.code]).toEqual([404, "not_found"]);
  await off.close();
});

it("a shutdown ends streams in good order, after what was written", async () => {
  const second = await createWorld({ config: { port: 0 } });
  await second.must("PUT", "/v1/tenants/acme", {});
  await settled(second);
  const at = Number(new URL(await second.billing.listen()).port);
  const clients = await Promise.all([1, 2, 3].map(() => openClient(at, "acme")));
  await second.must("PUT", "/v1/tenants/acme", { name: "last" });
  await Promise.all(clients.map((client) => client.until((events) => events.length === 1)));
  await second.close();
  await Promise.all(clients.map((client) => client.ended));
  await expect(openClient(at, "acme")).rejects.toThrow("ECONNREFUSED");
});
