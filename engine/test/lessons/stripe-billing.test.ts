/** Lessons 1, 2, 4, 8, 11 and 12, of subscriptions that Stripe runs. Lesson 6 is `stripe/order-proof.test.ts`, lesson 9 `processors/stripe/shapes.test.ts`. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { performDue } from "../../src/processors/stripe/perform.ts";
import { stripeParts } from "../../src/processors/stripe/processor.ts";
import { askDue } from "../../src/processors/stripe/reconciler.ts";
import { type BillingSetting, createBilling } from "../stripe/billing-setting.ts";
import { periodOf, turn } from "../stripe/resources/subscriptions.ts";
import type { Json } from "../stripe/server.ts";

let b: BillingSetting;
beforeAll(async () => {
  b = await createBilling();
});
afterAll(async () => {
  expect(b.stripe.objections).toEqual([]);
  expect(await b.wrong()).toEqual([]);
  await b.close();
});

const iso = (seconds: number) => new Date(seconds * 1_000).toISOString().replace(".000Z", "Z");

test("lesson 12 and 8: an answer that is lost, or a worker that dies, makes no second subscription", async () => {
  await b.tenant("lost");
  // Done there, and nobody heard of it: the write that would have noted it fails.
  await b.world.owner.query("create function die() returns trigger language plpgsql as $$ begin raise exception 'dead'; end $$");
  await b.world.owner.query("create trigger die before update on processor_subscriptions for each row execute function die()");
  const died = await b.world.call(
    "POST",
    "/v1/tenants/lost/subscription",
    { plan: "starter", processor: "stripe" },
    { "idempotency-key": "lost" },
  );
  expect(died.status).toBe(500);
  expect(await b.subscription("lost")).toMatchObject({ status: "incomplete" });
  // While it is not known what became of it, nothing else is asked, nor a second one begun.
  expect((await b.world.post("/v1/tenants/lost/subscription", { plan: "starter", processor: "stripe" })).body.code).toBe(
    "already_subscribed",
  );
  expect((await b.world.post("/v1/tenants/lost/subscription/cancel")).body.code).toBe("conflict");
  await b.world.owner.query("drop trigger die on processor_subscriptions");
  await b.hurry();
  await performDue(b.world.billing.ctx, stripeParts(b.world.billing.ctx)!);
  expect(await b.subscription("lost")).toMatchObject({ status: "active" });
  const made = () => b.stripe.all("subscription").filter((one) => one.customer === b.there("lost").customer);
  expect(made()).toHaveLength(1);
  // The same request again is answered with what has become of it.
  const again = await b.world.call(
    "POST",
    "/v1/tenants/lost/subscription",
    { plan: "starter", processor: "stripe" },
    { "idempotency-key": "lost" },
  );
  expect([again.status, again.body.status]).toEqual([201, "active"]);
  expect(made()).toHaveLength(1);
});

test("lesson 8: its webhook may come before the answer to the call that made it", async () => {
  await b.tenant("early");
  b.stripe.fail("POST", /^\/v1\/subscriptions$/, "down");
  const asked = await b.world.post("/v1/tenants/early/subscription", { plan: "starter", processor: "stripe" });
  expect([asked.status, asked.body.code]).toEqual([503, "gateway_unavailable"]);
  const { id } = await b.subscription("early");
  const customer = b.stripe.all("customer").find((one) => (one.metadata as Json).billwright_tenant === "early")!;
  await fetch(`${b.stripe.url}/v1/subscriptions`, {
    method: "POST",
    headers: { authorization: "Bearer sk_test_loopback", "stripe-version": "2026-10-28.endive", "idempotency-key": "meanwhile" },
    body: new URLSearchParams({
      customer: String(customer.id),
      "items[0][price]": "price_starter",
      "metadata[billwright_subscription]": id,
    }),
  });
  await b.settle();
  expect(await b.subscription("early")).toMatchObject({ id, status: "active" });
  await b.hurry();
  await performDue(b.world.billing.ctx, stripeParts(b.world.billing.ctx)!);
  expect(b.stripe.all("subscription").filter((one) => one.customer === customer.id)).toHaveLength(1);
});

test("what no webhook told is found by asking", async () => {
  await b.tenant("silent");
  await b.start("silent");
  const there = b.there("silent");
  turn(b.stripe, there);
  await askDue(b.world.billing.ctx, stripeParts(b.world.billing.ctx)!, 0);
  expect(await b.subscription("silent")).toMatchObject({ current_period_start: iso(periodOf(there).start) });
});

test("lessons 4 and 11: an old event, whatever it says, changes nothing", async () => {
  await b.tenant("old");
  await b.start("old");
  const there = b.there("old");
  const old = structuredClone({ ...there, status: "past_due" });
  await b.settle();
  b.stripe.emit("customer.subscription.updated", old, { status: "active" });
  const before = await b.timeline("old");
  await b.settle();
  expect([await b.timeline("old"), (await b.subscription("old")).status]).toEqual([before, "active"]);
});

test("lesson 1 and 2: a delivery that failed is worked on when it comes again, and reaches the timeline", async () => {
  await b.tenant("heals");
  await b.start("heals");
  await b.settle();
  turn(b.stripe, b.there("heals"));
  b.stripe.fail("GET", /^\/v1\/subscriptions\//, "down", "down", "down", "down");
  await b.settle();
  expect((await b.timeline("heals")).at(-1)).not.toBe("invoice.created");
  // Until Stripe answers again.
  for (let time = 0; time < 4; time++) {
    await b.hurry();
    await b.dispatch("failed");
  }
  expect((await b.timeline("heals")).slice(-2)).toEqual(["subscription.renewed", "invoice.created"]);
});
