/** What is taken in at the door: signatures, duplicates, unknown types, who sees what, replay. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildProgram } from "../../src/cli/program.ts";
import { onPool } from "../../src/db/pool.ts";
import { confinedTo } from "../../src/db/scope.ts";
import { createSetting, eventOf, type Setting, sign } from "./setting.ts";

let setting: Setting;
beforeAll(async () => {
  setting = await createSetting();
});
afterAll(() => setting.close());

const stored = async () => Number((await setting.world.owner.query("select count(*) as n from inbound_events")).rows[0]!.n);
const event = (type = "payment.downtime.started") => eventOf(type, { payment: { id: "pay_1", entity: "payment" } });

describe("lesson 5: the signature is checked before the answer, on the bytes as they came", () => {
  const body = JSON.stringify(event());
  const cases: [string, string, string | undefined][] = [
    ["tampered with", body.replace("pay_1", "pay_2"), sign(body)],
    ["the same words with a space more", `${body} `, sign(body)],
    ["of another secret", body, sign(body, "another secret")],
    ["empty", body, ""],
    ["missing", body, undefined],
    ["too short", body, sign(body).slice(0, 63)],
    ["too long", body, `${sign(body)}0`],
    ["of the right length and no hex", body, "z".repeat(64)],
    ["of an empty body", "", sign(body)],
  ];
  test.each(cases)("%s", async (_name, text, signature) => {
    const before = await stored();
    const answer = await setting.world.post("/v1/webhooks/razorpay", text, {
      authorization: "",
      ...(signature === undefined ? {} : { "x-razorpay-signature": signature }),
    });
    expect([answer.status, answer.body.code, await stored()]).toEqual([400, "signature_invalid", before]);
  });

  test("right: by the secret, by the one before it, and as bytes of any type", async () => {
    for (const [id, headers] of Object.entries({
      first: {},
      before: { "x-razorpay-signature": sign(body, "the one before") },
      plain: { "content-type": "text/plain" },
      odd: { "content-type": "application/x-anything" },
    })) {
      const answer = await setting.deliver(Buffer.from(body), `signed-${id}`, headers);
      expect([id, answer.status, answer.body.duplicate]).toEqual([id, 200, false]);
    }
    const kept = await setting.world.get(`/v1/inbound-events/${(await setting.inbound("signed-odd")).id}`);
    expect(kept.body.body).toBe(body);
  });

  test("what its handler throws is no answer to the gateway, and is not swallowed: it is written down and tried again", async () => {
    const answer = await setting.deliver(eventOf("payment.captured", { order: { id: "order_1" } }), "broken");
    expect(answer.status).toBe(200);
    await setting.dispatch();
    expect(await setting.inbound("broken")).toMatchObject({ state: "failed", attempts: 1, last_error: "payload.payment is no object" });
  });
});

test("a gateway that is not listened to is not found, whatever it signs", async () => {
  for (const name of ["stripe", "nobody", "constructor"]) {
    const answer = await setting.world.post(`/v1/webhooks/${name}`, "{}", { "x-razorpay-signature": sign("{}") });
    expect([name, answer.status, answer.body.code]).toEqual([name, 404, "not_found"]);
  }
});

test("signed, and no event: 422, nothing stored", async () => {
  const before = await stored();
  for (const text of ["[1]", "not json", '{"event":7}', '{"event":""}'])
    expect((await setting.deliver(Buffer.from(text), "none")).status).toBe(422);
  expect(await stored()).toBe(before);
});

test("larger than a webhook is: 413", async () => {
  const answer = await setting.deliver(Buffer.from(JSON.stringify({ event: "x", fill: "a".repeat(1_100_000) })), "large");
  expect(answer.status).toBe(413);
});

test("a duplicate is 200, stored once and counted; without an id the bytes are its name", async () => {
  const before = await stored();
  const answers = [];
  for (let i = 0; i < 3; i++) answers.push((await setting.deliver(event(), "twice")).body.duplicate);
  expect(answers).toEqual([false, true, true]);
  const racing = await Promise.all(Array.from({ length: 6 }, () => setting.deliver(event(), "racing")));
  expect(racing.filter(({ body }) => !body.duplicate)).toHaveLength(1);
  const body = JSON.stringify(event("nameless.event"));
  for (let i = 0; i < 2; i++) await setting.world.post("/v1/webhooks/razorpay", body, { "x-razorpay-signature": sign(body) });
  expect(await stored()).toBe(before + 3);
  expect((await setting.inbound("twice")).deliveries).toBe(3);
});

test("a type that nobody knows is stored and ignored, and says so", async () => {
  await setting.deliver(event("payment.of_no_kind"), "unknown-type");
  await setting.dispatch();
  expect(await setting.inbound("unknown-type")).toMatchObject({
    state: "ignored",
    type: "payment.of_no_kind",
    last_error: "Nothing is done about events of this type.",
    tenant_id: null,
  });
  await setting.deliver(event("constructor"), "odd-type");
  await setting.dispatch();
  expect((await setting.inbound("odd-type")).state).toBe("ignored");
});

test("the list has filters and pages; who is confined to a tenant sees none of it", async () => {
  const { world } = setting;
  const page = await world.must("GET", "/v1/inbound-events?state=ignored&gateway=razorpay&type=payment.downtime.started&limit=2");
  expect(page.items).toHaveLength(2);
  const next = await world.must(
    "GET",
    `/v1/inbound-events?state=ignored&gateway=razorpay&type=payment.downtime.started&limit=2&cursor=${page.next_cursor}`,
  );
  expect(next.items.length).toBeGreaterThan(0);
  expect(next.items.map(({ id }: { id: string }) => id)).not.toContain(page.items[1].id);
  expect((await world.get("/v1/inbound-events?gateway=stripe")).body.items).toEqual([]);
  expect((await world.get("/v1/inbound-events?state=odd")).status).toBe(422);
  await world.must("PUT", "/v1/tenants/looker", { currency: "inr" });
  const key = await world.must("POST", "/v1/api-keys", { name: "k", scopes: ["billing.write"], tenant_id: "looker" });
  const asked = await world.call("GET", "/v1/inbound-events", undefined, { authorization: `Bearer ${key.secret}` });
  expect(asked.status).toBe(403);
  // The database says so, too: what has no tenant is the platform's.
  expect(await confinedTo("looker", () => onPool(world.billing.ctx.pool).query("select id from inbound_events"))).toEqual([]);
});

test("replay: by its id, and by the command line all that were given up", async () => {
  const { world } = setting;
  expect((await world.post("/v1/inbound-events/in_00000000000000000000000000/replay")).status).toBe(404);
  for (const id of ["dead-1", "dead-2"]) await setting.deliver(eventOf("payment.captured", {}), id);
  await setting.dispatch();
  await world.owner.query("update inbound_events set attempts = 12, state = 'dead', next_at = null where event_id like 'dead-%'");
  const again = await world.post(`/v1/inbound-events/${(await setting.inbound("dead-1")).id}/replay`);
  expect([again.status, again.body.state, again.body.attempts]).toEqual([202, "pending", 0]);
  await setting.dispatch();
  expect(await setting.inbound("dead-1")).toMatchObject({ state: "failed", attempts: 1 });

  let out = "";
  const terminal = {
    out: (text: string) => {
      out += text;
    },
    err: (text: string) => {
      out += text;
    },
    fail: () => undefined,
    env: {},
    columns: 80,
  };
  const asEngine: typeof fetch = async (input, init) => {
    const url = new URL(String(input));
    const answer = await world.call(init!.method as "GET", `${url.pathname}${url.search}`);
    return new Response(answer.text, { status: answer.status });
  };
  const program = buildProgram(terminal as never, { fetch: asEngine });
  await program.parseAsync(["replay", "--dead", "--key", "k", "--url", "http://engine"], { from: "user" });
  expect(out).toContain("1 in all.");
  expect((await setting.inbound("dead-2")).state).toBe("pending");

  const run = async (...words: string[]) => {
    out = "";
    await buildProgram(terminal as never, { fetch: asEngine }).parseAsync([...words, "--key", "k", "--url", "http://engine"], {
      from: "user",
    });
    return out;
  };
  // By what the gateway calls it; and all that are in a state, of a type.
  expect(await run("replay", "dead-1")).toContain("payment.captured  is worked on again");
  expect(await run("replay", "nobody-sent-it")).toContain("No gateway sent an event nobody-sent-it.");
  expect(await run("replay")).toContain("Name one event");
  expect(await run("replay", "--state", "ignored", "--type", "payment.of.no.kind")).toBe("Nothing is ignored.\n");
  const invoice = await setting.invoice("listed");
  const payment = setting.razorpay.pay((await setting.order(invoice.id)).order_id);
  await setting.deliver(eventOf("payment.captured", { payment }), "listed-1");
  await setting.dispatch();
  const listed = await run("inbound", "list", "--state", "done", "--tenant", "listed");
  expect(listed.trimEnd().split("\n")).toHaveLength(3);
  expect(listed).toContain((await setting.inbound("listed-1")).id);
  expect(await run("inbound", "list", "--state", "lost")).toContain("There is no state lost");
  expect(JSON.parse(await run("inbound", "show", "dead-2"))).toMatchObject({
    event_id: "dead-2",
    body: expect.stringContaining("payment.captured"),
  });
  expect((await world.must("GET", "/v1/inbound-events?event_id=dead-2")).items).toMatchObject([{ event_id: "dead-2" }]);
});

test("what was erased with its tenant cannot be replayed, and is not there", async () => {
  const { world } = setting;
  const invoice = await setting.invoice("leaver");
  const order = await setting.order(invoice.id);
  await setting.deliver(eventOf("payment.captured", { payment: setting.razorpay.pay(order.order_id) }), "leaver-paid");
  await setting.dispatch();
  const { id, tenant_id } = await setting.inbound("leaver-paid");
  expect(tenant_id).toBe("leaver");
  expect((await world.get(`/v1/inbound-events/${id}`)).body.body).toContain("payer@example.com");
  await world.must("DELETE", "/v1/tenants/leaver");
  expect((await world.get(`/v1/inbound-events/${id}`)).body.body).toBeNull();
  expect((await world.post(`/v1/inbound-events/${id}/replay`)).status).toBe(409);
});
