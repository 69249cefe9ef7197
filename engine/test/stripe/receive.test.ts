/** What is taken in at the door: Stripe's signatures, made here without Stripe's code or ours. */
import Stripe from "stripe";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createWorld, type World } from "../world.ts";
import { SECRET_BEFORE, signature, v1, WEBHOOK_SECRET } from "./signing.ts";

let world: World;
beforeAll(async () => {
  world = await createWorld({ config: { logLevel: "silent", stripeWebhookSecrets: [WEBHOOK_SECRET, SECRET_BEFORE] } });
});
afterAll(() => world.close());

const stored = async () => Number((await world.owner.query("select count(*) as n from inbound_events")).rows[0]!.n);
const event = (id: string, type = "radar.early_fraud_warning.created") =>
  JSON.stringify({ id, object: "event", type, api_version: "2026-10-28.endive", created: 1_700_000_000, data: { object: { id: "x" } } });
const now = () => Math.floor(world.billing.ctx.clock.now() / 1_000);
const send = (body: string, header?: string) =>
  world.post("/v1/webhooks/stripe", body, { authorization: "", ...(header === undefined ? {} : { "stripe-signature": header }) });

describe("lesson 5: the signature is checked before the answer, on the bytes as they came", () => {
  const body = event("evt_refused");
  const cases: [string, (t: number) => [string, string | undefined]][] = [
    ["tampered with", (t) => [body.replace("evt_refused", "evt_another"), signature(body, t)]],
    ["the same words with a space more", (t) => [`${body} `, signature(body, t)]],
    ["of another secret", (t) => [body, signature(body, t, "whsec_another")]],
    ["stale: signed six minutes ago", (t) => [body, signature(body, t - 360)]],
    ["signed six minutes ahead", (t) => [body, signature(body, t + 360)]],
    ["an old signature with a fresh time", (t) => [body, `t=${t},v1=${v1(body, t - 360)}`]],
    ["two times, of which one is fresh", (t) => [body, `t=${t},t=${t - 360},v1=${v1(body, t - 360)}`]],
    ["without a time", (t) => [body, `v1=${v1(body, t)}`]],
    ["a time that is no number", (t) => [body, `t=now,v1=${v1(body, t)}`]],
    ["of the scheme for test mode alone", (t) => [body, `t=${t},v0=${v1(body, t)}`]],
    ["in capitals", (t) => [body, `t=${t},v1=${v1(body, t).toUpperCase()}`]],
    ["too short", (t) => [body, signature(body, t).slice(0, -1)]],
    ["too long", (t) => [body, `${signature(body, t)}0`]],
    ["empty", () => [body, ""]],
    ["missing", () => [body, undefined]],
    ["of an empty body", (t) => ["", signature(body, t)]],
    ["the right one after more than Stripe sends", (t) => [body, `t=${t},${"v1=".concat("0".repeat(64), ",").repeat(8)}v1=${v1(body, t)}`]],
  ];
  test.each(cases)("%s", async (_name, make) => {
    const before = await stored();
    const answer = await send(...make(now()));
    expect([answer.status, answer.body.code, await stored()]).toEqual([400, "signature_invalid", before]);
  });
});

test("right: by either secret, among others, within five minutes, and as Stripe's own SDK signs", async () => {
  const t = now();
  const cases: Record<string, (body: string) => string> = {
    evt_plain: (body) => signature(body, t),
    evt_before: (body) => signature(body, t, SECRET_BEFORE),
    evt_several: (body) => `t=${t}, v1=${"0".repeat(64)}, v1=${v1(body, t)}, v0=${"1".repeat(64)}`,
    evt_late: (body) => signature(body, t - 290),
    evt_early: (body) => signature(body, t + 290),
    evt_sdk: (payload) => new Stripe("sk_test_x").webhooks.generateTestHeaderString({ payload, secret: WEBHOOK_SECRET, timestamp: t }),
  };
  for (const [id, header] of Object.entries(cases)) {
    const body = event(id);
    const answer = await send(body, header(body));
    expect([id, answer.status, answer.body.duplicate]).toEqual([id, 200, false]);
    expect((await send(body, header(body))).body.duplicate).toBe(true);
  }
  const { items } = await world.must("GET", "/v1/inbound-events?limit=100");
  expect(items.filter((one: { gateway: string }) => one.gateway === "stripe")).toHaveLength(6);
});

test("what was signed and is no event is a 422, and is not stored", async () => {
  const before = await stored();
  for (const body of ["[]", "null", "{}", '{"object":"event","id":"evt_1"}', '{"object":"event","id":"evt 1","type":"a.b"}', "no json"]) {
    const answer = await send(body, signature(body, now()));
    expect([body, answer.status, answer.body.code]).toEqual([body, 422, "invalid_request"]);
  }
  expect(await stored()).toBe(before);
});
