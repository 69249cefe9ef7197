/** Subscriptions that Stripe runs, from the start to the end: the same routes and answers, mirrored by its webhooks. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type BillingSetting, createBilling } from "./billing-setting.ts";
import { moveDispute, openDispute } from "./resources/disputes.ts";
import { finalize } from "./resources/invoices.ts";
import { issue, periodOf, turn } from "./resources/subscriptions.ts";
import type { Json } from "./server.ts";

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
const has = async (tenant: string) => (await b.world.must("GET", `/v1/tenants/${tenant}/entitlements/chat`)).has_access;
const credits = async (tenant: string) => (await b.world.must("GET", `/v1/tenants/${tenant}/credits`)).available;

test("started, paid, renewed, canceled with its period", async () => {
  await b.tenant("acme");
  const started = await b.start("acme");
  const there = b.there("acme");
  const { start, end } = periodOf(there);
  expect(started).toMatchObject({
    status: "active",
    processor: "stripe",
    gateway: "stripe",
    plan: "starter",
    current_period_start: iso(start),
    current_period_end: iso(end),
  });
  expect(there.metadata).toMatchObject({ billwright_subscription: started.id, billwright_tenant: "acme" });
  expect([await has("acme"), await credits("acme")]).toEqual([true, 100]);
  // The webhooks of it change nothing that is known.
  const before = await b.timeline("acme");
  await b.settle();
  expect(await b.timeline("acme")).toEqual(before);
  expect(before).toEqual([
    "tenant.created",
    "invoice.created",
    "invoice.finalized",
    "subscription.started",
    "payment.succeeded",
    "invoice.paid",
    "credits.granted",
  ]);
  const [invoice] = await b.invoices("acme");
  const reference = there.latest_invoice as string;
  expect(invoice).toMatchObject({
    status: "paid",
    processor_invoice_id: reference,
    number: expect.stringMatching(/^LOOP-/),
    total: 1_000,
    amount_paid: 1_000,
    amount_due: 0,
    reason: "start",
    hosted_url: `https://invoice.stripe.com/i/${reference}`,
    pdf_url: `https://pay.stripe.com/invoice/${reference}/pdf`,
    lines: [{ plan: "starter", price: "base", description: "Starter: Base fee", amount: 1_000, quantity: 1 }],
  });
  expect(await b.world.must("GET", `/v1/invoices/${invoice.id}`)).toMatchObject({ processor_invoice_id: reference });

  const draft = turn(b.stripe, there)!;
  await b.settle();
  expect(await b.subscription("acme")).toMatchObject({ current_period_start: iso(end) });
  issue(b.stripe, there, draft);
  await b.settle();
  expect((await b.timeline("acme")).slice(before.length)).toEqual([
    "subscription.renewed",
    "invoice.created",
    "invoice.finalized",
    "payment.succeeded",
    "invoice.paid",
    "credits.granted",
  ]);

  const canceled = await b.world.must("POST", "/v1/tenants/acme/subscription/cancel", { reason: "too dear" });
  const until = iso(periodOf(there).end);
  expect(canceled).toMatchObject({ status: "active", cancel_at: until, cancel_reason: "too dear" });
  expect(await b.world.must("POST", "/v1/tenants/acme/subscription/revoke-cancellation")).toMatchObject({
    cancel_at: null,
    canceled_at: null,
  });
  await b.world.must("POST", "/v1/tenants/acme/subscription/cancel");
  turn(b.stripe, there);
  await b.settle();
  expect(await b.subscription("acme")).toMatchObject({ status: "canceled", ended_at: until });
  expect((await b.timeline("acme")).slice(-4)).toEqual([
    "subscription.updated",
    "subscription.updated",
    "subscription.updated",
    "subscription.canceled",
  ]);
});

test("a payment that fails makes it past due, and one that succeeds ends that", async () => {
  await b.tenant("late");
  await b.start("late");
  await b.settle();
  const there = b.there("late");
  b.card("late", "pm_card_chargeDeclinedInsufficientFunds");
  const draft = turn(b.stripe, there)!;
  issue(b.stripe, there, draft);
  const length = (await b.timeline("late")).length;
  await b.settle();
  expect(await b.subscription("late")).toMatchObject({ status: "past_due", grace_until: iso(b.stripe.now + 3 * 86_400) });
  const payments = (await b.world.must("GET", "/v1/tenants/late/payments")).items;
  expect(payments[0]).toMatchObject({ status: "failed", code: "card_declined", gateway: "stripe" });
  expect((await b.invoices("late"))[0]).toMatchObject({
    status: "open",
    amount_due: 1_000,
    next_attempt_at: iso(draft.next_payment_attempt as number),
  });
  b.card("late", "pm_card_visa");
  issue(b.stripe, there, draft);
  await b.settle();
  expect(await b.subscription("late")).toMatchObject({ status: "active", grace_until: null });
  expect((await b.timeline("late")).slice(length)).toEqual([
    "subscription.renewed",
    "invoice.created",
    "invoice.finalized",
    "payment.failed",
    "invoice.payment_failed",
    "subscription.past_due",
    "payment.succeeded",
    "invoice.paid",
    "subscription.updated",
    "credits.granted",
  ]);
});

test("unpaid: the grace is over at once, and access with it", async () => {
  await b.tenant("unpaid");
  await b.start("unpaid");
  const there = b.there("unpaid");
  Object.assign(there, { status: "unpaid" });
  b.stripe.emit("customer.subscription.updated", there, { status: "past_due" });
  await b.settle();
  expect(await b.subscription("unpaid")).toMatchObject({ status: "past_due" });
  expect(await has("unpaid")).toBe(false);
});

test("a trial is announced to end, ends, and is paid from then on", async () => {
  await b.tenant("trial");
  expect(await b.start("trial", { trial_days: 14 })).toMatchObject({ status: "trialing" });
  const there = b.there("trial");
  b.stripe.emit("customer.subscription.trial_will_end", there);
  await b.settle();
  const draft = turn(b.stripe, there)!;
  await b.settle();
  expect(await b.subscription("trial")).toMatchObject({ status: "active", current_period_start: iso(there.trial_end as number) });
  issue(b.stripe, there, draft);
  await b.settle();
  expect(await b.timeline("trial")).toEqual([
    "tenant.created",
    "subscription.started",
    "credits.granted",
    "invoice.created",
    "invoice.finalized",
    "invoice.paid",
    "subscription.trial_ending",
    "subscription.trial_ended",
    "invoice.created",
    "invoice.finalized",
    "payment.succeeded",
    "invoice.paid",
    "credits.granted",
  ]);
});

test("seats and plan change at once with their proration, in our names", async () => {
  await b.tenant("grow");
  await b.start("grow", { plan: "pro", seats: 2 });
  expect(b.stripe.writes(/^\/v1\/subscriptions$/).at(-1)!.form.items).toEqual([
    { price: "price_pro_base", quantity: "1" },
    { price: "price_pro_seats", quantity: "2" },
    { price: "price_pro_calls" },
  ]);
  expect(await b.world.must("PATCH", "/v1/tenants/grow/subscription", { seats: 5 })).toMatchObject({ seats: 5 });
  const [change] = await b.invoices("grow");
  expect(change.lines.map((line: Json) => [line.description, line.amount])).toEqual([
    ["Pro: Seats (unused time)", -1_000],
    ["Pro: Seats (rest of the period)", 2_500],
  ]);
  expect(change).toMatchObject({ reason: "change", status: "paid", total: 1_500 });
  const quoted = await b.world.must("POST", "/v1/tenants/grow/subscription/plan", { plan: "starter", dry_run: true });
  expect(quoted).toMatchObject({ dry_run: true, plan: "starter", when: "now" });
  expect(quoted.lines.map((line: Json) => line.amount).sort()).toEqual([-2_500, -3_000, 1_000].sort());
  expect(b.there("grow").items).toMatchObject({ data: [{}, {}, {}] });
  expect(await b.world.must("POST", "/v1/tenants/grow/subscription/plan", { plan: "starter" })).toMatchObject({ plan: "starter" });
  expect((b.there("grow").items as { data: Json[] }).data.map((item) => (item.price as Json).id)).toEqual(["price_starter"]);
  await b.settle();
  expect((await b.timeline("grow")).filter((type) => type === "subscription.plan_changed")).toHaveLength(1);
});

test("a change at the end of the period is Stripe's schedule, can be taken back, and happens there", async () => {
  await b.tenant("plan");
  await b.start("plan", { plan: "pro" });
  const asked = { plan: "starter", when: "period_end" };
  const there = b.there("plan");
  expect(await b.world.must("POST", "/v1/tenants/plan/subscription/plan", asked)).toMatchObject({
    plan: "pro",
    scheduled_change: { plan: "starter", effective_at: iso(periodOf(there).end) },
  });
  expect(await b.world.must("POST", "/v1/tenants/plan/subscription/revoke-cancellation")).toMatchObject({ scheduled_change: null });
  expect(there.schedule).toBeNull();
  await b.world.must("POST", "/v1/tenants/plan/subscription/plan", asked);
  turn(b.stripe, there);
  await b.settle();
  expect(await b.subscription("plan")).toMatchObject({
    plan: "starter",
    scheduled_change: null,
    current_period_start: iso(periodOf(there).start),
  });
});

test("pauses and resumes", async () => {
  await b.tenant("rest");
  await b.start("rest");
  expect(await b.world.must("POST", "/v1/tenants/rest/subscription/pause")).toMatchObject({ status: "paused" });
  expect(b.there("rest").pause_collection).toEqual({ behavior: "void", resumes_at: null });
  expect(await has("rest")).toBe(false);
  expect((await b.world.post("/v1/tenants/rest/subscription/pause")).status).toBe(409);
  expect(await b.world.must("POST", "/v1/tenants/rest/subscription/resume")).toMatchObject({ status: "active", pause: null });
  expect((await b.timeline("rest")).slice(-2)).toEqual(["subscription.paused", "subscription.resumed"]);
});

test("canceled at once", async () => {
  await b.tenant("gone");
  await b.start("gone");
  expect(await b.world.must("POST", "/v1/tenants/gone/subscription/cancel", { when: "now", reason: "moved" })).toMatchObject({
    status: "canceled",
    cancel_reason: "moved",
  });
  expect(await has("gone")).toBe(false);
  // After an end a new one may start.
  expect(await b.start("gone")).toMatchObject({ status: "active" });
});

test("the next invoice is Stripe's preview, with other seats too, and stores nothing", async () => {
  await b.tenant("ahead");
  await b.start("ahead", { plan: "pro", seats: 2 });
  const upcoming = await b.world.must("POST", "/v1/tenants/ahead/upcoming-invoice", {});
  expect(upcoming).toMatchObject({ id: null, status: "draft", total: 4_000 });
  expect(upcoming.lines.map((line: Json) => [line.description, line.amount])).toEqual([
    ["Pro: Base fee", 3_000],
    ["Pro: Seats", 1_000],
    ["Pro: Calls", 0],
  ]);
  const more = await b.world.must("POST", "/v1/tenants/ahead/upcoming-invoice", { seats: 10 });
  expect(more.lines.map((line: Json) => line.description)).toContain("Pro: Seats (rest of the period)");
  expect((await b.invoices("ahead")).length).toBe(1);
});

test("made at Stripe itself, for a customer of ours and by prices of ours: taken over", async () => {
  await b.tenant("found");
  const customer = b.stripe.all("customer").find((one) => (one.metadata as Json).billwright_tenant === "found")!;
  const answer = await fetch(`${b.stripe.url}/v1/subscriptions`, {
    method: "POST",
    headers: { authorization: "Bearer sk_test_loopback", "stripe-version": "2026-10-28.endive", "idempotency-key": "by-hand" },
    body: new URLSearchParams({
      customer: String(customer.id),
      "items[0][price]": "price_starter",
      "metadata[billwright_tenant]": "found",
    }),
  });
  expect(answer.status).toBe(200);
  await b.settle();
  expect(await b.subscription("found")).toMatchObject({ status: "active", plan: "starter", processor: "stripe" });
  expect(await credits("found")).toBe(100);
});

test("the engine makes no invoice for it, and its own steps on Stripe's invoices are refused", async () => {
  const [invoice] = await b.invoices("found");
  for (const step of ["void", "finalize", "pay"]) {
    const refused = await b.world.post(`/v1/invoices/${invoice.id}/${step}`, {});
    expect([step, refused.status, refused.body.code]).toEqual([step, 409, "invalid_state"]);
  }
  const { current_period_start: period_start, current_period_end: period_end } = await b.subscription("found");
  expect((await b.world.post("/v1/tenants/found/invoices", { period_start, period_end })).status).toBe(409);
});

test("what Stripe cannot do is refused before anything is asked of it", async () => {
  await b.tenant("no");
  const writes = b.stripe.writes(/subscriptions/).length;
  const bare = await b.world.post("/v1/tenants/no/subscription", { plan: "bare", processor: "stripe" });
  expect([bare.status, bare.body.errors[0]]).toEqual([422, { path: "plan", message: expect.stringContaining("billwright stripe sync") }]);
  expect((await b.world.post("/v1/tenants/no/subscription", { plan: "starter", processor: "stripe", coupon: "x" })).status).toBe(422);
  expect(b.stripe.writes(/subscriptions/).length).toBe(writes);
  expect(await b.subscription("no")).toMatchObject({ status: "none" });
});

test("what Stripe refuses ends before it began, and says why", async () => {
  await b.tenant("cardless", "");
  const refused = await b.world.post("/v1/tenants/cardless/subscription", { plan: "starter", processor: "stripe" });
  expect([refused.status, refused.body.code]).toEqual([502, "gateway_error"]);
  expect(refused.body.detail).toContain("no attached payment source");
  expect(await b.subscription("cardless")).toMatchObject({ status: "expired" });
  b.card("cardless", "pm_card_visa");
  expect(await b.start("cardless")).toMatchObject({ status: "active" });
});

test("by invoice: open until it is paid, and voided at Stripe", async () => {
  await b.tenant("sent", "");
  expect(await b.start("sent", { collection: "send_invoice" })).toMatchObject({ status: "active", collection: "send_invoice" });
  const [invoice] = await b.invoices("sent");
  expect(invoice).toMatchObject({ status: "open", amount_due: 1_000, due_at: iso(b.stripe.now + 14 * 86_400) });
  expect(await credits("sent")).toBe(0);
  const there = b.there("sent");
  const draft = turn(b.stripe, there)!;
  finalize(b.stripe, draft);
  await fetch(`${b.stripe.url}/v1/invoices/${draft.id}/void`, {
    method: "POST",
    headers: { authorization: "Bearer sk_test_loopback", "stripe-version": "2026-10-28.endive", "idempotency-key": "void-it" },
  });
  await b.settle();
  expect((await b.invoices("sent")).map((one) => one.status)).toEqual(["void", "open"]);
});

test("taxes are left to Stripe where that is asked for", async () => {
  const taxed = await createBilling({ stripeTax: true });
  try {
    await taxed.tenant("taxed");
    await taxed.start("taxed");
    const starts = (stripe: typeof taxed.stripe) => stripe.writes(/^\/v1\/subscriptions$/).map((one) => one.form.automatic_tax);
    expect(starts(taxed.stripe)).toEqual([{ enabled: "true" }]);
    expect(new Set(starts(b.stripe))).toEqual(new Set([undefined]));
    expect(taxed.stripe.objections).toEqual([]);
  } finally {
    await taxed.close();
  }
});

test("a dispute of what Stripe collected is seen on the payment, though the event came before everything else; the invoice stays Stripe's word", async () => {
  await b.tenant("claimed");
  await b.start("claimed");
  const charge = b.stripe.all("charge")[0]!;
  await b.settle();
  const dispute = openDispute(b.stripe, charge);
  moveDispute(b.stripe, dispute, "lost");
  await b.settle();
  const payments = async (tenant: string) => (await b.world.must("GET", `/v1/tenants/${tenant}/payments`)).items;
  expect(await payments("claimed")).toMatchObject([{ status: "succeeded", dispute: "lost", gateway_reference: charge.id }]);
  expect((await b.invoices("claimed"))[0]).toMatchObject({ status: "paid", amount_due: 0 });
  expect(await b.subscription("claimed")).toMatchObject({ status: "active" });
  // Of a period that nobody told of yet: all of its subscription is read first.
  const draft = turn(b.stripe, b.there("claimed"))!;
  issue(b.stripe, b.there("claimed"), draft);
  moveDispute(b.stripe, openDispute(b.stripe, b.stripe.all("charge")[0]!), "under_review");
  await b.deliver(b.stripe.events.at(-1)!);
  await b.dispatch();
  expect((await payments("claimed"))[0]).toMatchObject({ status: "succeeded", dispute: "under_review" });
  await b.settle();
});
