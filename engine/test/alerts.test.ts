/** Alerts: once a crossing, by the rule that holds for the tenant, told as an event and by mail. */
import type { AddressInfo } from "node:net";
import { SMTPServer } from "smtp-server";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { sweepCredits } from "../src/alerts/sweep-credits.ts";
import { sweepUsage } from "../src/alerts/sweep-usage.ts";
import { createWorld, type World } from "./world.ts";

let world: World;
const mails: { to: string[]; text: string }[] = [];
const smtp = new SMTPServer({
  authOptional: true,
  disabledCommands: ["STARTTLS"],
  onData(stream, session, done) {
    let text = "";
    stream.on("data", (chunk) => {
      text += chunk;
    });
    stream.on("end", () => {
      mails.push({ to: session.envelope.rcptTo.map(({ address }) => address), text });
      done();
    });
  },
});

interface Alert {
  id: string;
  kind: string;
  state: string;
  subject: string;
  data: Record<string, unknown>;
}

const PATIENCE = { timeout: 60_000, interval: 50 };
const alertsOf = async (tenant: string, query = "") => (await world.must("GET", `/v1/alerts?tenant_id=${tenant}${query}`)).items as Alert[];
const told = async (tenant: string) => (await alertsOf(tenant)).map(({ kind, state, subject }) => [kind, state, subject]);
const eventsOf = async (tenant: string) =>
  (await world.must("GET", `/v1/tenants/${tenant}/events?type=alert.*&limit=100`)).items.map((one: { type: string }) => one.type).reverse();

beforeAll(async () => {
  await new Promise<void>((resolve) => smtp.listen(0, "127.0.0.1", () => resolve()));
  const { port } = smtp.server.address() as AddressInfo;
  world = await createWorld({
    worker: true,
    config: { smtp: { url: `smtp://127.0.0.1:${port}`, from: "Billing <billing@example.com>" } },
  });
  await world.must("PUT", "/v1/catalog", {
    meters: [{ key: "calls", event: "call", aggregation: "sum", property: "n" }],
    plans: [{ key: "pro", name: "Pro", currency: "usd", interval: "month", prices: [{ key: "base", type: "flat", amount: 5_000 }] }],
  });
});
afterAll(async () => {
  await world?.close();
  await new Promise<void>((resolve) => smtp.close(() => resolve()));
});

test("without a rule of anybody's, the defaults hold; what makes no sense is named", async () => {
  const { items } = await world.must("GET", "/v1/alert-rules");
  expect(items.map((one: Record<string, unknown>) => [one.kind, one.enabled, one.default])).toEqual([
    ["low_credits", true, true],
    ["payment_failed", true, true],
    ["cancellation", true, true],
    ["unusual_usage", true, true],
  ]);
  expect(items[0]).toMatchObject({ threshold: "1000", email: [], email_tenant: false });
  const put = (body: object) => world.put("/v1/alert-rules", body).then(({ status, body }) => [status, body.errors?.[0]?.path]);
  expect(await put({ kind: "low_credits", threshold: 0 })).toEqual([422, "threshold"]);
  expect(await put({ kind: "low_credits", failures: 2 })).toEqual([422, "failures"]);
  expect(await put({ kind: "unusual_usage", ratio: "0.5" })).toEqual([422, "ratio"]);
  expect(await put({ kind: "low_credits", email: ["nobody"] })).toEqual([422, "email[0]"]);
  expect((await world.put("/v1/alert-rules", { kind: "low_credits", tenant_id: "nobody" })).status).toBe(404);
});

test("low credits: once each time that the balance falls, by the tenant's own threshold where it has one", async () => {
  const { ctx } = world.billing;
  await world.must("PUT", "/v1/alert-rules", { kind: "low_credits", email: ["ops@example.com"] });
  for (const id of ["low", "own", "never"]) await world.must("PUT", `/v1/tenants/${id}`, { name: `The ${id}`, email: `${id}@example.com` });
  await world.must("PUT", "/v1/alert-rules", { kind: "low_credits", tenant_id: "own", threshold: 50, email_tenant: true });
  const grant = (id: string, amount: number) => world.must("POST", `/v1/tenants/${id}/credits/grants`, { amount, source: "promotion" });
  let key = 0;
  const spend = (id: string, amount: number) =>
    world.must("POST", `/v1/tenants/${id}/credits/consume`, { amount, idempotency_key: `k${key++}` });
  await grant("never", 10);
  await spend("never", 5);
  await grant("own", 100);
  await grant("low", 1_500);
  await spend("low", 500);
  await sweepCredits(ctx);
  expect(await told("low")).toEqual([]);
  // Exactly the threshold is not below it; one less is, however often it is looked at and by how many at once.
  await spend("low", 1);
  await spend("own", 40);
  await Promise.all([sweepCredits(ctx), sweepCredits(ctx)]);
  await spend("low", 100);
  await sweepCredits(ctx);
  expect(await told("low")).toEqual([["low_credits", "open", "credits"]]);
  expect([await told("own"), await told("never")]).toEqual([[], []]);
  // Up again, and down between two looks: that is another crossing.
  await grant("low", 1_000);
  await sweepCredits(ctx);
  expect(await told("low")).toEqual([["low_credits", "resolved", "credits"]]);
  await spend("low", 1_500);
  await grant("low", 5_000);
  await spend("low", 5_000);
  await spend("own", 20);
  await sweepCredits(ctx);
  expect((await told("low")).map(([, state]) => state)).toEqual(["open", "resolved"]);
  expect(await eventsOf("low")).toEqual(["alert.raised", "alert.resolved", "alert.raised"]);
  expect((await alertsOf("own"))[0]).toMatchObject({
    summary: "The balance of credits fell below 50: 40 are left.",
    data: { available: 40 },
  });
  await vi.waitFor(
    () => expect(mails.map(({ to }) => to[0]).sort()).toEqual(["ops@example.com", "ops@example.com", "own@example.com"]),
    PATIENCE,
  );
  expect(mails.every(({ text }) => text.includes("The balance of credits fell below"))).toBe(true);
});

test("a payment that fails is one alert an invoice, acknowledged by somebody, and over when it is settled", async () => {
  await world.must("PUT", "/v1/alert-rules", { kind: "payment_failed", failures: 2 });
  const clock = await world.clock("2026-01-01T00:00:00Z");
  await world.must("PUT", "/v1/tenants/broke", { currency: "usd", test_clock: clock.id });
  const card = async (token: string) => {
    const { payment_method } = await world.must("POST", "/v1/tenants/broke/payment-methods/setup-intent", { token });
    await world.must("POST", `/v1/tenants/broke/payment-methods/${payment_method.id}/default`);
  };
  await card("tok_visa");
  await world.must("POST", "/v1/tenants/broke/subscription", { plan: "pro" });
  // The worker charges the card that is the default by then.
  const states = async () => (await world.must("GET", "/v1/tenants/broke/invoices")).items.map(({ status }: { status: string }) => status);
  await vi.waitFor(async () => expect(await states()).toEqual(["paid"]), PATIENCE);
  await card("tok_declined");
  await clock.to("2026-02-01T12:00:00Z");
  // One failure is not enough by this rule; the second is, a day later.
  await clock.to("2026-02-02T12:00:00Z");
  await vi.waitFor(
    async () => expect((await told("broke")).map(([kind, state]) => [kind, state])).toEqual([["payment_failed", "open"]]),
    PATIENCE,
  );
  const [alert] = await alertsOf("broke");
  expect(alert).toMatchObject({
    data: { failures: 2, amount_due: 5_000, currency: "usd" },
    raised_at: expect.stringMatching(/^2026-02-02T/),
  });
  const seen = await world.must("POST", `/v1/alerts/${alert!.id}/acknowledge`);
  expect(seen).toMatchObject({ state: "acknowledged", acknowledged_by: expect.stringMatching(/^key_/) });
  await clock.to("2026-02-04T12:00:00Z");
  expect(await alertsOf("broke", "&state=open")).toEqual([]);
  await card("tok_visa");
  await clock.to("2026-02-06T12:00:00Z");
  await vi.waitFor(async () => expect((await told("broke")).map(([, state]) => state)).toEqual(["resolved"]), PATIENCE);
  expect(await eventsOf("broke")).toEqual(["alert.raised", "alert.acknowledged", "alert.resolved"]);
  // Somebody leaves, changes their mind, and leaves for good.
  await world.must("POST", "/v1/tenants/broke/subscription/cancel", { when: "period_end", reason: "too dear" });
  const cancellations = async () => (await alertsOf("broke", "&kind=cancellation")).map(({ state, data }) => [state, data.reason]);
  await vi.waitFor(async () => expect(await cancellations()).toEqual([["open", "too dear"]]), PATIENCE);
  await world.must("POST", "/v1/tenants/broke/subscription/revoke-cancellation");
  await vi.waitFor(async () => expect((await cancellations()).map(([state]) => state)).toEqual(["resolved"]), PATIENCE);
  await world.must("POST", "/v1/tenants/broke/subscription/cancel", { when: "now" });
  await vi.waitFor(async () => expect((await cancellations()).map(([state]) => state)).toEqual(["open", "resolved"]), PATIENCE);
});

test("use unlike that of the days before: a spike while the day runs, a drop when it is over, each once", async () => {
  const { ctx } = world.billing;
  const clock = await world.clock("2026-06-01T00:00:00Z");
  for (const id of ["steady", "young", "deaf"]) await world.must("PUT", `/v1/tenants/${id}`, { test_clock: clock.id });
  await world.must("PUT", "/v1/alert-rules", { kind: "unusual_usage", tenant_id: "deaf", enabled: false });
  const use = (ids: string[], day: string, n: number) =>
    world.must(
      "POST",
      "/v1/usage",
      ids.map((tenant_id) => ({ tenant_id, event: "call", at: `${day}T06:00:00Z`, properties: { n } })),
    );
  // From Monday, 1 June on: about a hundred on working days, ten at weekends.
  const days = Array.from({ length: 17 }, (_, index) => new Date(Date.UTC(2026, 5, 1 + index)));
  for (const [index, at] of days.entries()) {
    const day = at.toISOString().slice(0, 10);
    await clock.to(`${day}T07:00:00Z`);
    await use(["steady", "deaf"], day, at.getUTCDay() % 6 === 0 ? 10 : 95 + (index % 3) * 5);
    if (index > 12) await use(["young"], day, 100);
  }
  await sweepUsage(ctx);
  expect(await told("steady")).toEqual([]);
  // Thursday, the 18th, is three times as much by seven in the morning.
  await clock.to("2026-06-18T07:00:00Z");
  await use(["steady", "young", "deaf"], "2026-06-18", 300);
  await sweepUsage(ctx);
  await sweepUsage(ctx);
  expect(await told("steady")).toEqual([["unusual_usage", "open", "calls:high"]]);
  expect([await told("young"), await told("deaf")]).toEqual([[], []]);
  // Thirteen working days: the median is 100, the median distance from it 5: (300 − 100) × 0.6745 ÷ 5.
  expect((await alertsOf("steady"))[0]).toMatchObject({
    summary: "The use of calls on 2026-06-18 is unusually high: 300, where 100 is usual.",
    data: { usual: 100, deviation: 5, score: 26.98, days: 13, day: "2026-06-18" },
  });
  // The day after is as usual, and over; then a day without any.
  await clock.to("2026-06-19T07:00:00Z");
  await use(["steady"], "2026-06-19", 100);
  await sweepUsage(ctx);
  expect((await told("steady")).map(([, state]) => state)).toEqual(["open"]);
  await clock.to("2026-06-20T07:00:00Z");
  await use(["steady"], "2026-06-20", 10);
  await sweepUsage(ctx);
  expect((await told("steady")).map(([, state]) => state)).toEqual(["resolved"]);
  await clock.to("2026-06-23T07:00:00Z");
  await sweepUsage(ctx);
  expect(await told("steady")).toEqual([
    ["unusual_usage", "open", "calls:low"],
    ["unusual_usage", "resolved", "calls:high"],
  ]);
});

test("a rule goes back to the default; who is confined to a tenant sees its own alerts and no rules", async () => {
  expect(await world.must("DELETE", "/v1/alert-rules/payment_failed")).toEqual({ kind: "payment_failed", deleted: true });
  const { items } = await world.must("GET", "/v1/alert-rules?tenant_id=own");
  expect(items.map((one: Record<string, unknown>) => [one.kind, one.tenant_id, one.threshold, one.default])).toEqual([
    ["low_credits", "own", "50", false],
    ["payment_failed", null, undefined, true],
    ["cancellation", null, undefined, true],
    ["unusual_usage", null, undefined, true],
  ]);
  const { secret } = await world.must("POST", "/v1/api-keys", { name: "low", scopes: ["billing.write"], tenant_id: "low" });
  const as = (method: "GET" | "PUT" | "POST", url: string, body?: unknown) =>
    world.call(method, url, body, { authorization: `Bearer ${secret}` });
  expect((await as("GET", "/v1/alerts")).body.items.map((one: { tenant_id: string }) => one.tenant_id)).toEqual(["low", "low"]);
  const [own] = await alertsOf("own");
  const refused = [
    as("GET", "/v1/alert-rules"),
    as("PUT", "/v1/alert-rules", { kind: "cancellation" }),
    as("POST", `/v1/alerts/${own!.id}/acknowledge`),
  ];
  expect((await Promise.all(refused)).map(({ status }) => status)).toEqual([403, 403, 403]);
  expect((await as("GET", "/v1/alerts?tenant_id=own")).status).toBe(404);
});

test("an erasure takes the rules of the tenant, and what it gave as a reason", async () => {
  expect(JSON.stringify(await alertsOf("broke"))).toContain("too dear");
  for (const id of ["broke", "own"]) await world.must("DELETE", `/v1/tenants/${id}`);
  expect(JSON.stringify(await alertsOf("broke"))).not.toContain("too dear");
  expect((await alertsOf("broke")).length).toBeGreaterThan(1);
  expect((await world.must("GET", "/v1/alert-rules")).items.filter((one: { tenant_id: string | null }) => one.tenant_id === "own")).toEqual(
    [],
  );
});
