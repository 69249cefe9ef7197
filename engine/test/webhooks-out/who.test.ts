/** Webhooks out: whose an endpoint is, what is known of it to others, where its secret is, what an erasure takes, and that it all goes by itself. */
import { SignJWT } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";
import { verifyWebhook } from "../../../sdk/src/webhooks.ts";
import { createSetting, eventOf } from "../razorpay/setting.ts";
import { createWorld, type World } from "../world.ts";
import { workOff } from "./happen.ts";
import { type Receiver, startReceiver } from "./receiver.ts";

const SECRET = "a secret that is shared with nobody but this test";
const WEBHOOKS = { allowPrivate: ["127.0.0.0/8"], timeoutMs: 10_000, disableAfterDays: 5 };

let world: World;
let receiver: Receiver;
beforeAll(async () => {
  receiver = await startReceiver();
  world = await createWorld({
    worker: true,
    config: { webhooks: WEBHOOKS, tokens: { secret: SECRET, jwksUrl: null, issuer: null, audience: null } },
  });
  for (const id of ["acme", "rival"]) await world.must("PUT", `/v1/tenants/${id}`, { name: id, currency: "usd" });
});
afterAll(async () => {
  await world.close();
  await receiver.close();
});

async function until(what: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 600; i++) {
    if (await what()) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error("waited in vain");
}

const as = async (role: string, tenant: string) => ({
  authorization: `Bearer ${await new SignJWT({ sub: role, role, tenant_id: tenant })
    .setProtectedHeader({ alg: "HS256" })
    .sign(new TextEncoder().encode(SECRET))}`,
});

test("goes by itself, and the client verifies what comes", async () => {
  const { secret } = await world.must("POST", "/v1/webhook-endpoints", { url: `${receiver.url}/self`, event_types: ["tenant.*"] });
  await world.must("PUT", "/v1/tenants/new", { name: "New" });
  await until(() => receiver.at("/self").length > 0);
  const [{ body, headers }] = receiver.at("/self") as [(typeof receiver.received)[0]];
  expect(verifyWebhook(body, headers, secret)).toMatchObject({ type: "tenant.created", tenant_id: "new" });
  expect(() => verifyWebhook(body, headers, `whsec_${Buffer.alloc(32).toString("base64")}`)).toThrow("No matching signature");
});

test("a tenant's owner has that tenant's endpoints, and there are no others", async () => {
  const [owner, viewer, rival] = [await as("owner", "acme"), await as("viewer", "acme"), await as("owner", "rival")];
  const make = (body: object, headers: Record<string, string>) =>
    world.post("/v1/webhook-endpoints", { url: `${receiver.url}/own`, ...body }, headers);
  const mine = (await make({}, owner)).body;
  expect(mine.tenant_id).toBe("acme");
  const platform = (await make({ tenant_id: null, url: `${receiver.url}/platform` }, {})).body;
  const theirs = (await make({ tenant_id: "rival", url: `${receiver.url}/theirs` }, {})).body;
  expect((await make({ tenant_id: "rival" }, owner)).body.code).toBe("tenant_not_found");
  expect((await make({}, viewer)).status).toBe(403);
  expect((await make({ tenant_id: "nobody" }, {})).body).toMatchObject({ status: 422, errors: [{ path: "tenant_id" }] });

  await world.must("PUT", "/v1/tenants/acme", { name: "Acme" });
  await world.must("PUT", "/v1/tenants/rival", { name: "Rival" });
  const delivered = async (id: string) => (await world.must("GET", `/v1/webhook-endpoints/${id}/deliveries?state=delivered`)).items;
  await until(async () => (await delivered(platform.id)).length === 2 && (await delivered(mine.id)).length === 1);
  expect(receiver.at("/own").map(({ event }) => event.tenant_id)).toEqual(["acme"]);

  // The platform was told of acme, too: that is not acme's to see, nor is what rival has.
  const [ofPlatform] = (await delivered(platform.id)).filter((one: { tenant_id: string }) => one.tenant_id === "acme");
  const [ofRival] = await delivered(theirs.id);
  const nobody = { endpoint: "we_01h455vb4pex5vsknk084sn02q", delivery: "wd_01h455vb4pex5vsknk084sn02q" };
  const asks = (endpoint: string, delivery: string) =>
    [
      ["GET", `/v1/webhook-endpoints/${endpoint}`],
      ["PATCH", `/v1/webhook-endpoints/${endpoint}`, { url: "https://evil.example/" }],
      ["DELETE", `/v1/webhook-endpoints/${endpoint}`],
      ["POST", `/v1/webhook-endpoints/${endpoint}/rotate-secret`],
      ["POST", `/v1/webhook-endpoints/${endpoint}/test`],
      ["POST", `/v1/webhook-endpoints/${endpoint}/redeliver`, { since: "2020-01-01T00:00:00Z" }],
      ["GET", `/v1/webhook-endpoints/${endpoint}/deliveries`],
      ["GET", `/v1/webhook-deliveries/${delivery}`],
      ["POST", `/v1/webhook-deliveries/${delivery}/retry`],
    ] as const;
  const plain = (text: string) => text.replace(/req_\w+/g, "req");
  const missing = [];
  for (const [method, url, body] of asks(nobody.endpoint, nobody.delivery)) missing.push(await world.call(method, url, body, owner));
  for (const [endpoint, delivery] of [
    [platform.id, ofPlatform.id],
    [theirs.id, ofRival.id],
  ]) {
    for (const [index, [method, url, body]] of asks(endpoint, delivery).entries()) {
      const answer = await world.call(method, url, body, owner);
      expect([method, url, answer.status, plain(answer.text)]).toEqual([method, url, 404, plain(missing[index]!.text)]);
    }
  }
  const seen = async (headers: Record<string, string>, query = "") =>
    (await world.call("GET", `/v1/webhook-endpoints${query}`, undefined, headers)).body.items.map(({ id }: { id: string }) => id);
  expect([await seen(owner), await seen(viewer), await seen(rival)]).toEqual([[mine.id], [mine.id], [theirs.id]]);
  expect(await seen(owner, "?tenant_id=rival")).toEqual([]);
  expect((await world.call("PATCH", `/v1/webhook-endpoints/${mine.id}`, { ordered: true }, owner)).body.ordered).toBe(true);
  expect((await world.call("DELETE", `/v1/webhook-endpoints/${mine.id}`, undefined, viewer)).status).toBe(403);
  const [entry] = (await world.must("GET", `/v1/audit-log?object_id=${mine.id}`)).items;
  expect(entry).toMatchObject({ actor: { id: "owner", role: "owner" }, object_type: "webhook_endpoint", after: { ordered: true } });
});

test("an erasure takes the tenant's endpoints, and what receivers answered about it, before it and afterwards", async () => {
  await world.must("PUT", "/v1/tenants/gone", { name: "Forget Me" });
  const own = await world.must("POST", "/v1/webhook-endpoints", { url: `${receiver.url}/forget-me-own`, tenant_id: "gone" });
  const platform = await world.must("POST", "/v1/webhook-endpoints", { url: `${receiver.url}/repeats`, event_types: ["tenant.*"] });
  receiver.answer("/repeats", (response) => response.end("noted: Forget Me"));
  await world.must("PUT", "/v1/tenants/gone", { name: "Forget Me Now" });
  const log = async (count: number) => {
    await until(async () => {
      const { items } = await world.must("GET", `/v1/webhook-endpoints/${platform.id}/deliveries?state=delivered`);
      return items.length >= count;
    });
    return (
      await world.owner.query(
        "select response_body from webhook_attempts a join webhook_deliveries d on d.id = a.delivery_id where d.endpoint_id = $1",
        [platform.id],
      )
    ).rows;
  };
  expect(await log(1)).toEqual([{ response_body: "noted: Forget Me" }]);
  await world.must("DELETE", "/v1/tenants/gone");
  // The erasure itself is told, too.
  expect(await log(2)).toEqual([{ response_body: null }, { response_body: null }]);
  expect((await world.get(`/v1/webhook-endpoints/${own.id}`)).status).toBe(404);
  expect((await world.get(`/v1/audit-log?object_id=${own.id}`)).text).not.toContain("forget-me-own");
  for (const { name } of (
    await world.owner.query("select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'")
  ).rows)
    expect([name, (await world.owner.query(`select 1 from ${name} t where t::text like '%forget-me-own%'`)).rowCount]).toEqual([name, 0]);
});

test("lesson 2: what came in, failed and was healed by a retry is told like what worked at once", async () => {
  const setting = await createSetting({ webhooks: WEBHOOKS });
  try {
    await setting.world.must("POST", "/v1/webhook-endpoints", {
      url: `${receiver.url}/healed`,
      event_types: ["payment.*", "invoice.paid"],
    });
    const invoice = await setting.invoice("acme");
    const order = await setting.order(invoice.id);
    const event = eventOf("payment.captured", { payment: setting.razorpay.pay(order.order_id) });
    await setting.world.owner.query("alter table payments add constraint broken check (amount < 0) not valid");
    await setting.deliver(event, "healed");
    await setting.dispatch();
    expect((await setting.inbound("healed")).state).toBe("failed");
    await workOff(setting.world);
    expect(receiver.at("/healed")).toEqual([]);
    await setting.world.owner.query("alter table payments drop constraint broken");
    await setting.hurry();
    await setting.dispatch("failed");
    await workOff(setting.world);
    expect(
      receiver
        .at("/healed")
        .map(({ event }) => [event.type, event.source])
        .sort(),
    ).toEqual([
      ["invoice.paid", "razorpay"],
      ["payment.succeeded", "razorpay"],
    ]);
  } finally {
    await setting.close();
  }
});
