/** What the state of a subscription does to what a tenant may use, and what is given to it beside its plan. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createWorld, type World } from "./world.ts";

let world: World;

const plan = (key: string, limit: number, more: object = {}) => ({
  key,
  currency: "usd",
  prices: [{ key: "base", type: "flat", amount: limit * 10 }],
  entitlements: [
    { feature: "api", limit, window: "month", enforcement: "hard" },
    { feature: "export", enabled: true },
    { feature: "support", value: key },
  ],
  ...more,
});
const FREE = { key: "free", default: true, prices: [], entitlements: [{ feature: "api", limit: 5, window: "month", enforcement: "hard" }] };
const catalog = (plans: object[]) => ({
  meters: [{ key: "calls", event: "call", aggregation: "count" }],
  features: [
    { key: "api", type: "metered", meter: "calls" },
    { key: "export", type: "boolean" },
    { key: "support", type: "config" },
  ],
  plans,
});

beforeAll(async () => {
  world = await createWorld();
  await world.must("PUT", "/v1/catalog", catalog([FREE, plan("pro", 100), plan("team", 1_000)]));
});
afterAll(() => world.close());

let made = 0;
async function tenant(token?: string) {
  const clock = await world.clock("2026-03-01T00:00:00Z");
  const id = `s${++made}`;
  const url = `/v1/tenants/${id}`;
  await world.must("PUT", url, { test_clock: clock.id });
  if (token) await world.must("POST", `${url}/payment-methods/setup-intent`, { token });
  return {
    id,
    url,
    to: clock.to,
    check: async (feature: string) => (await world.must("GET", `${url}/entitlements/${feature}`)) as Record<string, unknown>,
    start: (body: object) => world.must("POST", `${url}/subscription`, { collection: "send_invoice", ...body }),
    step: (name: string, body: object = {}) => world.must("POST", `${url}/subscription/${name}`, body),
    override: (feature: string, body: object) => world.put(`${url}/entitlement-overrides/${feature}`, body),
  };
}

describe("a subscription", () => {
  test("gives its plan's version, at once with a change of plan, and the default plan's when it is over", async () => {
    const t = await tenant();
    expect(await t.check("api")).toMatchObject({ limit: 5 });
    await t.start({ plan: "pro" });
    expect(await t.check("api")).toMatchObject({ limit: 100 });
    await t.step("plan", { plan: "team", when: "now" });
    expect([(await t.check("api")).limit, (await t.check("support")).value]).toEqual([1_000, "team"]);
    await t.step("plan", { plan: "pro", when: "period_end" });
    await t.to("2026-03-31T23:59:59.999Z");
    expect(await t.check("api")).toMatchObject({ limit: 1_000 });
    await t.to("2026-04-01T00:00:00Z");
    expect(await t.check("api")).toMatchObject({ limit: 100 });
    await t.step("cancel", { when: "period_end" });
    await t.to("2026-04-30T23:59:59Z");
    expect(await t.check("export")).toMatchObject({ has_access: true });
    await t.to("2026-05-01T00:00:00Z");
    expect(await t.check("export")).toMatchObject({ has_access: false, reason: "not_in_plan" });
    expect(await t.check("api")).toMatchObject({ has_access: true, limit: 5 });
    // lesson 25: who comes back has what it buys.
    await t.start({ plan: "team" });
    expect(await t.check("api")).toMatchObject({ limit: 1_000 });
  });

  test("stays on the version that was bought when the catalog changes; the default plan is at its newest", async () => {
    const bought = await tenant();
    const free = await tenant();
    await bought.start({ plan: "pro" });
    await world.must(
      "PUT",
      "/v1/catalog",
      catalog([{ ...FREE, entitlements: [{ feature: "api", limit: 7, window: "month" }] }, plan("pro", 300), plan("team", 1_000)]),
    );
    expect([(await bought.check("api")).limit, (await free.check("api")).limit]).toEqual([100, 7]);
    const later = await tenant();
    await later.start({ plan: "pro" });
    expect(await later.check("api")).toMatchObject({ limit: 300 });
    await world.must("PUT", "/v1/catalog", catalog([FREE, plan("pro", 100), plan("team", 1_000)]));
  });

  test("on trial gives its plan; one that begins later gives nothing yet", async () => {
    const t = await tenant();
    await t.start({ plan: "pro", trial_days: 10 });
    expect(await t.check("export")).toMatchObject({ has_access: true });
    const future = await tenant();
    await future.start({ plan: "pro", start_at: "2026-03-05T00:00:00Z" });
    expect(await future.check("export")).toMatchObject({ has_access: false, reason: "not_in_plan" });
    await future.to("2026-03-05T00:00:00Z");
    expect(await future.check("export")).toMatchObject({ has_access: true });
  });

  test("that is paused gives nothing, whatever was given beside it", async () => {
    const t = await tenant();
    await t.start({ plan: "pro" });
    await t.override("export", { enabled: true });
    await t.step("pause");
    for (const feature of ["api", "export", "support"])
      expect(await t.check(feature)).toMatchObject({ has_access: false, reason: "paused" });
    const refused = await world.post(`${t.url}/entitlements/api/consume`);
    expect([refused.status, refused.body.reason]).toEqual([403, "paused"]);
    await t.step("resume");
    expect(await t.check("api")).toMatchObject({ has_access: true, limit: 100 });
  });

  test("lesson 26: past due keeps its access for the grace and not a moment longer, and has it back with the payment", async () => {
    const t = await tenant("tok_declined");
    await t.start({ plan: "pro", collection: "charge_automatically" });
    await t.to("2026-03-01T00:00:00Z");
    const { status, grace_until } = await world.must("GET", `${t.url}/subscription`);
    expect([status, grace_until]).toEqual(["past_due", "2026-03-04T00:00:00Z"]);
    expect(await t.check("export")).toMatchObject({ has_access: true, reason: "granted" });
    await t.to("2026-03-03T23:59:59.999Z");
    expect(await t.check("api")).toMatchObject({ has_access: true, limit: 100 });
    await t.to("2026-03-04T00:00:00Z");
    expect(await t.check("export")).toMatchObject({ has_access: false, reason: "past_due" });
    expect(await t.check("api")).toMatchObject({ has_access: true, limit: 5 });
    expect((await world.get(`${t.url}/entitlements`)).body).toMatchObject({ plan: "free", status: "past_due" });
    await world.must("POST", `${t.url}/payment-methods/setup-intent`, { token: "tok_visa" });
    const [{ id }] = (await world.must("GET", `${t.url}/invoices`)).items;
    await world.must("POST", `/v1/invoices/${id}/pay`);
    expect(await t.check("export")).toMatchObject({ has_access: true, reason: "granted" });
  });
});

test("lesson 16: without a subscription and without a default plan nothing is given, and nothing is unlimited", async () => {
  await world.must("PUT", "/v1/catalog", catalog([{ ...FREE, default: false }, plan("pro", 100), plan("team", 1_000)]));
  const t = await tenant();
  const { features, plan: none, status } = await world.must("GET", `${t.url}/entitlements`);
  expect([none, status]).toEqual([null, "none"]);
  for (const check of Object.values(features)) expect(check).toMatchObject({ has_access: false, reason: "no_subscription" });
  expect(features.api).toMatchObject({ limit: 0, remaining: 0 });
  expect(await world.must("GET", `${t.url}/usage/calls/exceeded`)).toMatchObject({ limit: 0, exceeded: true });
  expect((await world.post(`${t.url}/entitlements/api/consume`)).body).toMatchObject({ status: 403, reason: "no_subscription" });
  await world.must("PUT", "/v1/catalog", catalog([FREE, plan("pro", 100), plan("team", 1_000)]));
});

test("lesson 15: a feature cannot name a meter that there is not, nor a plan a feature", async () => {
  const wrong = catalog([FREE]);
  wrong.features[0] = { key: "api", type: "metered", meter: "cals" };
  const answer = await world.put("/v1/catalog?dry_run=true", wrong);
  expect([answer.status, answer.body.errors[0].path]).toEqual([422, "features[0].meter"]);
  const plans = await world.put("/v1/catalog?dry_run=true", catalog([{ ...FREE, entitlements: [{ feature: "apii", limit: 1 }] }]));
  expect([plans.status, plans.body.errors[0].path]).toEqual([422, "plans[0].entitlements[0].feature"]);
});

describe("an override", () => {
  test("stands for what the plan says until it expires, and is listed", async () => {
    const t = await tenant();
    const made = await t.override("api", { limit: 20, expires_at: "2026-03-10T00:00:00Z", reason: "a trial of more" });
    expect([made.status, made.body]).toMatchObject([201, { feature: "api", limit: 20, reason: "a trial of more" }]);
    expect(await t.check("api")).toMatchObject({ limit: 20, window: "month", enforcement: "hard" });
    expect((await world.must("GET", `${t.url}/entitlement-overrides`)).items).toMatchObject([
      { feature: "api", limit: 20, expires_at: "2026-03-10T00:00:00Z" },
    ]);
    await t.to("2026-03-09T23:59:59.999Z");
    expect(await t.check("api")).toMatchObject({ limit: 20 });
    await t.to("2026-03-10T00:00:00Z");
    expect(await t.check("api")).toMatchObject({ limit: 5 });
    expect((await t.override("api", { limit: null })).status).toBe(200);
    expect(await t.check("api")).toMatchObject({ has_access: true, limit: null, remaining: null });
    await world.must("DELETE", `${t.url}/entitlement-overrides/api`);
    expect(await t.check("api")).toMatchObject({ limit: 5 });
    expect((await world.call("DELETE", `${t.url}/entitlement-overrides/api`)).status).toBe(404);
  });

  test("gives what the plan has not, denies what it has, and sets a value", async () => {
    const t = await tenant();
    await t.override("export", { enabled: true });
    await t.override("support", { value: ["phone", 7] });
    await t.override("api", { enabled: false });
    expect(await t.check("export")).toMatchObject({ has_access: true, reason: "granted" });
    expect(await t.check("support")).toMatchObject({ has_access: true, value: ["phone", 7] });
    expect(await t.check("api")).toMatchObject({ has_access: false, reason: "not_in_plan", limit: 0 });
  });

  test("with a window stands beside the plan's other limits", async () => {
    const t = await tenant();
    await t.override("api", { limit: 2, window: "day", enforcement: "soft" });
    expect((await t.check("api")).limits).toMatchObject([
      { limit: 5, window: "month", enforcement: "hard" },
      { limit: 2, window: "day", enforcement: "soft" },
    ]);
  });

  test.each([
    ["a limit on a boolean", "export", { limit: 3 }, 422, "limit"],
    ["nothing said", "api", {}, 422, "enabled"],
    ["a window without a limit", "api", { enabled: true, window: "day" }, 422, "limit"],
    ["a limit below zero", "api", { limit: -1 }, 422, "limit"],
    ["an unknown window", "api", { limit: 1, window: "week" }, 422, "window"],
    ["an end in the past", "api", { limit: 1, expires_at: "2020-01-01T00:00:00Z" }, 422, "expires_at"],
    ["an unknown field", "api", { limt: 1 }, 422, "limt"],
    ["an unknown feature", "apii", { limit: 1 }, 404, undefined],
  ])("is refused: %s", async (_name, feature, body, status, path) => {
    const t = await tenant();
    const answer = await t.override(feature as string, body as object);
    expect([answer.status, answer.body.errors?.[0]?.path]).toEqual([status, path]);
    expect((await world.must("GET", `${t.url}/entitlement-overrides`)).items).toEqual([]);
  });
});
