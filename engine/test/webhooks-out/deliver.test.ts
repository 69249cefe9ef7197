/** Webhooks out, over real sockets: what is told to whom, signed by what, in which order, how often, and what is written down of it. */
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ENGINE } from "../../src/auth/principal.ts";
import { commit } from "../../src/commit.ts";
import type { EventType } from "../../src/events/types.ts";
import { MAX_ATTEMPTS } from "../../src/webhooks/outbound/schedule.ts";
import { createWorld, type World } from "../world.ts";
import { emit, impatient, numbers, workOff } from "./happen.ts";
import { type Received, type Receiver, startReceiver } from "./receiver.ts";

let world: World;
let receiver: Receiver;
let path = 0;
beforeAll(async () => {
  receiver = await startReceiver();
  world = await createWorld({
    config: { logLevel: "error", webhooks: { allowPrivate: ["127.0.0.0/8"], timeoutMs: 10_000, disableAfterDays: 5 } },
  });
  for (const id of ["acme", "rival"]) await world.must("PUT", `/v1/tenants/${id}`, { name: id, currency: "usd" });
});
afterAll(async () => {
  await world.close();
  await receiver.close();
});
beforeEach(async () => void (await world.owner.query("delete from webhook_endpoints")));

interface Endpoint {
  id: string;
  secret: string;
  path: string;
  got(): Received[];
  types(): string[];
}

async function endpoint(input: object = {}): Promise<Endpoint> {
  const at = `/hook-${path++}`;
  const made = await world.must("POST", "/v1/webhook-endpoints", { url: `${receiver.url}${at}`, ...input });
  return {
    id: made.id,
    secret: made.secret,
    path: at,
    got: () => receiver.at(at),
    types: () => receiver.at(at).map(({ event }) => event.type),
  };
}

const work = () => workOff(world);
const hurry = () => world.owner.query("update webhook_deliveries set due_at = '2020-01-01' where due_at is not null");
const happen = (type: EventType, tenantId: string | null = "acme", n: unknown = 0) => emit(world, type, tenantId, n);
const deliveries = async (id: string) => (await world.must("GET", `/v1/webhook-endpoints/${id}/deliveries`)).items;

describe("what is told to whom", () => {
  test("the event as its history shows it, signed, once", async () => {
    await happen("invoice.paid");
    const { got, secret } = await endpoint();
    await happen("invoice.finalized", "acme", 7);
    await work();
    await work();
    expect(got()).toHaveLength(1);
    const [{ body, headers, event }] = got() as [Received];
    const [shown] = (await world.must("GET", "/v1/tenants/acme/events?limit=1")).items;
    expect(event).toEqual(JSON.parse(JSON.stringify(shown)));
    expect(event).toMatchObject({ type: "invoice.finalized", tenant_id: "acme", data: { n: 7 } });
    expect(new Webhook(secret).verify(body, headers)).toEqual(event);
    expect(headers).toMatchObject({ "webhook-id": event.id, "content-type": "application/json" });
    expect(() => new Webhook(secret).verify(`${body} `, headers)).toThrow("No matching signature");
  });

  test("by types, nouns and other names", async () => {
    const [paid, all, noun, topic] = [
      await endpoint({ event_types: ["invoice.paid"] }),
      await endpoint({ event_types: ["*"] }),
      await endpoint({ event_types: ["invoice.*"] }),
      await endpoint({ event_types: ["billing.invoice.created", "billing.usage_aggregated"] }),
    ];
    for (const type of ["invoice.paid", "invoice.created", "payment.failed", "usage.aggregated"] as const) await happen(type);
    await work();
    expect(paid.types()).toEqual(["invoice.paid"]);
    expect(all.types().sort()).toEqual(["invoice.created", "invoice.paid", "payment.failed", "usage.aggregated"]);
    expect(noun.types().sort()).toEqual(["invoice.created", "invoice.paid"]);
    expect(topic.types().sort()).toEqual(["billing.invoice.created", "billing.usage_aggregated"]);
    const odd = await world.post("/v1/webhook-endpoints", { url: receiver.url, event_types: ["invoice.paid", "invoice.eaten"] });
    expect([odd.status, odd.body.errors[0].path]).toEqual([422, "event_types[1]"]);
  });

  test("a tenant's endpoint hears of that tenant alone, the platform's of everybody and of what is nobody's", async () => {
    const [acme, rival, platform] = [await endpoint({ tenant_id: "acme" }), await endpoint({ tenant_id: "rival" }), await endpoint()];
    await happen("invoice.paid", "acme");
    await happen("invoice.voided", "rival");
    await happen("catalog.changed", null);
    await work();
    expect([acme.types(), rival.types(), platform.types().sort()]).toEqual([
      ["invoice.paid"],
      ["invoice.voided"],
      ["catalog.changed", "invoice.paid", "invoice.voided"],
    ]);
  });

  test("what was committed before it was made is not told, what was under way then is", async () => {
    let go: () => void = () => undefined;
    let begun: () => void = () => undefined;
    const started = new Promise<void>((resolve) => (begun = resolve));
    const slow = commit(world.billing.ctx, { principal: ENGINE, tenantId: "acme" }, async (tx) => {
      tx.emit({ type: "invoice.paid", tenantId: "acme", subject: null, summary: "slow", data: { n: "under way" } });
      await tx.query("select pg_current_xact_id()::text as xid");
      await new Promise<void>((resolve) => {
        go = resolve;
        begun();
      });
    });
    await started;
    await happen("invoice.paid", "acme", 1);
    const { got } = await endpoint();
    await happen("invoice.paid", "acme", 2);
    go();
    await slow;
    await work();
    expect(numbers(got()).sort()).toEqual([2, "under way"]);
  });
});

describe("the secret", () => {
  test("is rotated with an overlap, in which both sign", async () => {
    const { id, secret, got } = await endpoint();
    const next = await world.must("POST", `/v1/webhook-endpoints/${id}/rotate-secret`, { overlap_seconds: 3_600 });
    await happen("invoice.paid");
    await work();
    const [first] = got() as [Received];
    expect(first.headers["webhook-signature"]!.split(" ")).toHaveLength(2);
    for (const one of [secret, next.secret]) expect(new Webhook(one).verify(first.body, first.headers)).toEqual(first.event);
    await world.owner.query("update webhook_secrets set expires_at = '2020-01-01' where expires_at is not null");
    await happen("invoice.paid");
    await work();
    const second = got()[1]!;
    expect(new Webhook(next.secret).verify(second.body, second.headers)).toEqual(second.event);
    expect(() => new Webhook(secret).verify(second.body, second.headers)).toThrow("No matching signature");
    const last = await world.must("POST", `/v1/webhook-endpoints/${id}/rotate-secret`, { overlap_seconds: 0 });
    await happen("invoice.paid");
    await work();
    const third = got()[2]!;
    expect(new Webhook(last.secret).verify(third.body, third.headers)).toEqual(third.event);
    expect(() => new Webhook(next.secret).verify(third.body, third.headers)).toThrow("No matching signature");
    for (let i = 0; i < 4; i++) await world.must("POST", `/v1/webhook-endpoints/${id}/rotate-secret`);
    expect((await world.post(`/v1/webhook-endpoints/${id}/rotate-secret`)).body.code).toBe("invalid_state");
  });

  test("is shown once, and by no replay", async () => {
    const body = { url: `${receiver.url}/once` };
    const first = await world.post("/v1/webhook-endpoints", body, { "idempotency-key": "once" });
    const again = await world.post("/v1/webhook-endpoints", body, { "idempotency-key": "once" });
    expect(first.body.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    const { secret: _shown, ...rest } = first.body;
    expect(again.body).toEqual(rest);
    expect((await world.get(`/v1/webhook-endpoints/${first.body.id}`)).body).toEqual(rest);
  });
});

describe("what fails", () => {
  test("is tried again by the schedule, with the same id and body, until it is given up", async () => {
    const { id, path: at, got } = await endpoint();
    receiver.answer(at, 500);
    await happen("invoice.paid");
    await work();
    const [row] = await deliveries(id);
    expect(row).toMatchObject({ state: "failed", attempts: 1, last_status: 500, last_error: null, finished_at: null });
    const wait = Date.parse(row.next_attempt_at) - Date.parse(row.created_at);
    expect(wait).toBeGreaterThanOrEqual(5_000);
    expect(wait).toBeLessThan(5_000 * 1.2 + 20_000);
    await work();
    expect(got()).toHaveLength(1);
    for (let i = 1; i < MAX_ATTEMPTS + 2; i++) {
      await hurry();
      await work();
    }
    expect(got()).toHaveLength(MAX_ATTEMPTS);
    expect(new Set(got().map(({ body, headers }) => body + headers["webhook-id"])).size).toBe(1);
    expect((await deliveries(id))[0]).toMatchObject({ state: "dead", attempts: MAX_ATTEMPTS, next_attempt_at: null });
    receiver.answer(at, 200);
    const again = await world.post(`/v1/webhook-deliveries/${row.id}/retry`);
    expect([again.status, again.body.state]).toEqual([202, "pending"]);
    await work();
    const detail = await world.must("GET", `/v1/webhook-deliveries/${row.id}`);
    expect(detail).toMatchObject({ state: "delivered", attempts: 1, last_status: 200 });
    expect(detail.request).toEqual({ url: `${receiver.url}${at}`, body: got()[0]!.body });
    expect(detail.tries).toHaveLength(MAX_ATTEMPTS + 1);
    expect(detail.tries[0]).toMatchObject({ status: 200, response_body: "answered 200", error: null });
    expect(detail.tries[1]).toMatchObject({ status: 500, response_body: "answered 500" });
  });

  test.each<[string, Parameters<Receiver["answer"]>[1], { status: number | null; error: RegExp | null }]>([
    ["never answers", () => undefined, { status: null, error: /no answer within 0.4 s/ }],
    ["hangs up", (response) => response.destroy(), { status: null, error: /closed|hang up|reset/i }],
    [
      "points elsewhere",
      (response) => response.writeHead(302, { location: `${receiver.url}/elsewhere` }).end(),
      { status: 302, error: null },
    ],
    [
      "points elsewhere, with the body",
      (response) => response.writeHead(308, { location: `${receiver.url}/elsewhere` }).end(),
      { status: 308, error: null },
    ],
    ["talks no HTTP", (_, request) => request.socket.end("what?\r\n\r\n"), { status: null, error: /./ }],
  ])("a receiver that %s", async (_, how, { status, error }) => {
    const { id, path: at } = await endpoint();
    receiver.answer(at, how);
    await happen("invoice.paid");
    await (error?.source.startsWith("no answer") ? impatient(world, work) : work());
    const [row] = await deliveries(id);
    expect(row).toMatchObject({ state: "failed", last_status: status });
    if (error === null) expect(row.last_error).toBeNull();
    else expect(row.last_error).toMatch(error);
    expect(receiver.at("/elsewhere")).toEqual([]);
  });

  test("a receiver that answers without an end is heard for a while, and what it asks for is heeded", async () => {
    const { id, path: at } = await endpoint();
    receiver.answer(at, (response) => {
      response.writeHead(503, { "retry-after": "7200" });
      response.write("\0busy ".repeat(1_000_000));
    });
    await happen("invoice.paid");
    await work();
    const [row] = await deliveries(id);
    expect(Date.parse(row.next_attempt_at) - Date.parse(row.created_at)).toBeGreaterThanOrEqual(7_200_000);
    const { tries } = await world.must("GET", `/v1/webhook-deliveries/${row.id}`);
    expect(tries[0].response_body).toHaveLength(2_000);
  });

  test("a receiver that fails is asked one at a time, until it answers well", async () => {
    const { path: at, got } = await endpoint();
    let [now, most, status] = [0, 0, 500];
    receiver.answer(at, (response) => {
      most = Math.max(most, ++now);
      setTimeout(() => {
        now -= 1;
        response.writeHead(status).end();
      }, 10);
    });
    const round = async () => {
      most = 0;
      await hurry();
      return work().then(() => most);
    };
    for (let n = 0; n < 12; n++) await happen("invoice.paid", "acme", n);
    expect(await round()).toBeGreaterThan(1);
    expect(await round()).toBe(1);
    status = 200;
    await round();
    expect(new Set(numbers(got().slice(-12))).size).toBe(12);
  });

  test("a slow receiver holds up nobody else", async () => {
    const [slow, quick] = [await endpoint({ event_types: ["invoice.paid"] }), await endpoint({ event_types: ["invoice.voided"] })];
    const hanging: (() => void)[] = [];
    receiver.answer(slow.path, (response) => void hanging.push(() => response.writeHead(200).end()));
    for (let n = 0; n < 30; n++) await happen("invoice.paid", "acme", n);
    const working = work();
    for (let i = 0; hanging.length < 8 && i < 500; i++) await new Promise((resolve) => setTimeout(resolve, 10));
    await happen("invoice.voided");
    void work();
    for (let i = 0; quick.got().length < 1 && i < 500; i++) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(quick.got()).toHaveLength(1);
    expect(slow.got().length).toBeLessThan(30);
    receiver.answer(slow.path, 200);
    for (const end of hanging) end();
    await working;
    await hurry();
    await work();
    expect(new Set(numbers(slow.got())).size).toBe(30);
  });
});

test("in order, when that is asked for: what fails holds up what follows of the same tenant, and of no other", async () => {
  const { path: at, got } = await endpoint({ ordered: true });
  let failures = 2;
  receiver.answer(at, (response, _request) => {
    const { event } = receiver.received.at(-1)!;
    response.writeHead(event.tenant_id === "acme" && failures-- > 0 ? 500 : 200).end();
  });
  for (let n = 0; n < 5; n++) {
    await happen("invoice.paid", "acme", n);
    await happen("invoice.paid", "rival", n);
  }
  await work();
  const of = (tenant: string) => numbers(got().filter(({ event }) => event.tenant_id === tenant));
  expect([of("acme"), of("rival")]).toEqual([[0], [0, 1, 2, 3, 4]]);
  await hurry();
  await work();
  await hurry();
  await work();
  expect(of("acme")).toEqual([0, 0, 0, 1, 2, 3, 4]);
});

describe("an endpoint is disabled", () => {
  test("when every attempt has failed for days; it says so, and is made up for by one call", async () => {
    const [{ id, path: at, got }, other] = [await endpoint({ event_types: ["invoice.*"] }), await endpoint({ event_types: ["webhook.*"] })];
    receiver.answer(at, 500);
    const begin = (await world.owner.query("select clock_timestamp() as at")).rows[0].at;
    const since = new Date(begin).toISOString();
    await happen("invoice.paid", "acme", 1);
    await work();
    expect((await world.must("GET", `/v1/webhook-endpoints/${id}`)).failing_since).not.toBeNull();
    await world.owner.query("update webhook_endpoints set failing_since = now() - interval '6 days' where id = $1", [id]);
    await hurry();
    await work();
    expect(await world.must("GET", `/v1/webhook-endpoints/${id}`)).toMatchObject({ disabled: true, disabled_reason: "failing" });
    expect(other.got().map(({ event }) => [event.type, event.subject, event.tenant_id])).toEqual([["webhook.endpoint_disabled", id, null]]);
    expect((await deliveries(id)).map(({ state }: { state: string }) => state)).toEqual(["dead"]);
    await happen("invoice.paid", "acme", 2);
    await work();
    expect(got()).toHaveLength(2);
    expect((await world.post(`/v1/webhook-endpoints/${id}/redeliver`, { since })).body.code).toBe("invalid_state");
    receiver.answer(at, 200);
    await world.must("PATCH", `/v1/webhook-endpoints/${id}`, { disabled: false });
    await happen("invoice.paid", "acme", 3);
    await work();
    expect(numbers(got()).slice(2)).toEqual([3]);
    expect(await world.must("POST", `/v1/webhook-endpoints/${id}/redeliver`, { since })).toEqual({ redelivered: 2 });
    await work();
    expect(numbers(got()).slice(3).sort()).toEqual([1, 2]);
    expect(await world.must("POST", `/v1/webhook-endpoints/${id}/redeliver`, { since })).toEqual({ redelivered: 0 });
    expect(await world.must("POST", `/v1/webhook-endpoints/${id}/redeliver`, { since, which: "all" })).toEqual({ redelivered: 3 });
    await work();
    expect(numbers(got()).slice(5).sort()).toEqual([1, 2, 3]);
    expect(await world.must("GET", `/v1/webhook-endpoints/${id}`)).toMatchObject({ disabled: false, failing_since: null });
  });

  test("at once, when it answers that it is gone", async () => {
    const { id, path: at } = await endpoint({ tenant_id: "acme" });
    receiver.answer(at, 410);
    await happen("invoice.paid");
    await work();
    expect(await world.must("GET", `/v1/webhook-endpoints/${id}`)).toMatchObject({ disabled: true, disabled_reason: "gone" });
    expect((await world.must("GET", "/v1/tenants/acme/events?type=webhook.endpoint_disabled")).items[0]).toMatchObject({ subject: id });
    expect((await world.post(`/v1/webhook-endpoints/${id}/test`)).body.code).toBe("invalid_state");
  });
});

test("a message that only tries it, and no test of it in the history", async () => {
  const { id, secret, got } = await endpoint({ event_types: ["invoice.paid"], tenant_id: "acme", ordered: true });
  const sent = await world.post(`/v1/webhook-endpoints/${id}/test`);
  expect([sent.status, sent.body.event_type]).toEqual([202, "webhook.test"]);
  await work();
  const [{ body, headers, event }] = got() as [Received];
  expect(new Webhook(secret).verify(body, headers)).toMatchObject({
    id: sent.body.event_id,
    type: "webhook.test",
    tenant_id: "acme",
    subject: id,
  });
  expect(headers["webhook-id"]).toBe(event.id);
  expect((await world.must("GET", "/v1/tenants/acme/events?type=webhook.test")).items).toEqual([]);
});

test("a lease that ran out is taken up again, and who was too slow writes nothing", async () => {
  const { id, path: at, got } = await endpoint();
  let end: () => void = () => undefined;
  receiver.answer(at, (response) => (end = () => response.writeHead(200).end()));
  await happen("invoice.paid");
  const working = work();
  for (let i = 0; got().length < 1 && i < 500; i++) await new Promise((resolve) => setTimeout(resolve, 5));
  // What another claim would write.
  await world.owner.query("update webhook_deliveries set fence = fence + 1, attempts = 2 where endpoint_id = $1", [id]);
  end();
  await working;
  expect((await deliveries(id))[0]).toMatchObject({ state: "sending", attempts: 2 });
  receiver.answer(at, 200);
  await hurry();
  await work();
  expect((await deliveries(id))[0]).toMatchObject({ state: "delivered", attempts: 3 });
  expect(got()).toHaveLength(2);
});

test("with no endpoint nothing is written, and the place of who comes later is found without reading what was before", async () => {
  const place = async () => (await world.owner.query("select xid::text, seq::text from webhook_place")).rows[0];
  const before = await place();
  for (let n = 0; n < 5; n++) await happen("invoice.paid", "acme", n);
  await work();
  expect(await place()).toEqual(before);
  const { got } = await endpoint();
  await happen("invoice.paid", "acme", 9);
  await work();
  expect(numbers(got())).toEqual([9]);
  expect((await world.owner.query("select count(*)::int as n from webhook_deliveries")).rows[0].n).toBe(1);
});

test("what was delivered thirty days ago is forgotten", async () => {
  const { id } = await endpoint();
  for (const n of [1, 2]) await happen("invoice.paid", "acme", n);
  await work();
  await world.owner.query(
    "update webhook_deliveries set finished_at = now() - interval '31 days' where id = (select min(id) from webhook_deliveries)",
  );
  const { outboundTasks } = await import("../../src/webhooks/outbound/jobs.ts");
  await outboundTasks["forget-deliveries"](world.billing.ctx);
  expect(await deliveries(id)).toHaveLength(1);
});
