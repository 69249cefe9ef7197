/** The plans as Stripe sells them: listed once for all processes and ten minutes, anew when Stripe tells of a change, and as they were while it is away. */
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createWorld, type World } from "../world.ts";
import { type BillingSetting, createBilling } from "./billing-setting.ts";
import { newPrice } from "./resources/prices.ts";
import { type Json, SECRET_KEY } from "./server.ts";

let b: BillingSetting;
beforeAll(async () => {
  b = await createBilling();
  const product = (id: string, over: Json = {}) =>
    b.stripe.put({ id, object: "product", active: true, name: id, description: null, metadata: {}, ...over });
  product("prod_starter", { name: "Starter at Stripe", description: "To begin with" });
  product("prod_pro");
  product("prod_secret", { name: "For one customer" });
  product("prod_gone", { active: false });
  Object.assign(b.stripe.objects.get("price_starter")!, { product: "prod_starter", unit_amount: 1_100, unit_amount_decimal: "1100" });
  for (const id of ["price_pro_base", "price_pro_seats"]) b.stripe.objects.get(id)!.product = "prod_pro";
  Object.assign(b.stripe.objects.get("price_pro_calls")!, {
    product: "prod_pro",
    billing_scheme: "tiered",
    tiers_mode: "graduated",
    unit_amount: null,
    unit_amount_decimal: null,
    tiers: [
      { up_to: 1_000, unit_amount: null, unit_amount_decimal: "0.25", flat_amount: null, flat_amount_decimal: null },
      { up_to: null, unit_amount: null, unit_amount_decimal: "0.2", flat_amount: 500, flat_amount_decimal: "500" },
    ],
  });
  newPrice(b.stripe, { id: "price_secret", product: "prod_secret", unit_amount: 7, currency: "isk" });
  newPrice(b.stripe, { id: "price_gone", product: "prod_gone" });
  newPrice(b.stripe, { id: "price_off", product: "prod_pro", active: false });
  newPrice(b.stripe, { id: "price_once", product: "prod_pro", type: "one_time", recurring: null });
  newPrice(b.stripe, {
    id: "price_odd",
    product: "prod_pro",
    recurring: { interval: "fortnight", interval_count: 1, usage_type: "licensed" },
  });
});
afterAll(async () => {
  expect(b.stripe.objections).toEqual([]);
  await b.close();
});
beforeEach(() => b.world.owner.query("delete from processor_offers"));

const URL = "/v1/plans?source=stripe";
const list = (world: World = b.world) => world.must("GET", URL);
const calls = () => b.stripe.requests.filter((one) => one.method === "GET" && one.path === "/v1/prices").length;
/** As another process would. */
const another = (config = {}) =>
  createWorld({
    at: { url: b.world.billing.databaseUrl },
    config: {
      logLevel: "silent",
      stripe: { secretKey: SECRET_KEY, publishableKey: null, apiUrl: b.stripe.url, timeoutMs: 5_000, portalReturnUrl: null, ...config },
    },
  });

test("the plans of the catalog that have prices there, each with its offer; what is of no plan, for the operator", async () => {
  const { items, next_cursor, source, stale, fetched_at, unmapped } = await list();
  expect([source, stale, next_cursor]).toEqual(["stripe", false, null]);
  expect(Math.abs(Date.now() - Date.parse(fetched_at))).toBeLessThan(60_000);
  expect(items.map((plan: { key: string }) => plan.key)).toEqual(["starter", "pro"]);
  const [starter, pro] = items;
  const cycle = { interval: "month", interval_count: 1, package_size: null, nickname: null, currency: "usd" };
  const flat = { ...cycle, usage_type: "licensed", tiers: null, tiers_mode: null };
  // The catalog's amount stands beside Stripe's, which may differ.
  expect(starter.prices[0].amount).toBe(1_000);
  expect(starter.offer).toEqual({
    processor: "stripe",
    product: { reference: "prod_starter", name: "Starter at Stripe", description: "To begin with" },
    prices: [{ price: "base", reference: "price_starter", product: "prod_starter", unit_amount: "1100", ...flat }],
    missing: [],
  });
  expect(pro.offer.prices).toEqual([
    { price: "base", reference: "price_pro_base", product: "prod_pro", unit_amount: "3000", ...flat },
    { price: "seats", reference: "price_pro_seats", product: "prod_pro", unit_amount: "500", ...flat },
    {
      ...cycle,
      price: "calls",
      reference: "price_pro_calls",
      product: "prod_pro",
      usage_type: "metered",
      unit_amount: null,
      tiers_mode: "graduated",
      tiers: [
        { up_to: 1_000, unit_amount: "0.25", flat_amount: null },
        { up_to: null, unit_amount: "0.2", flat_amount: "500" },
      ],
    },
  ]);
  expect(unmapped).toEqual([
    {
      product: { reference: "prod_secret", name: "For one customer", description: null },
      prices: [expect.objectContaining({ reference: "price_secret", currency: "isk", unit_amount: "0.07" })],
    },
  ]);
  const { secret } = await b.world.must("POST", "/v1/api-keys", { name: "t", scopes: ["billing.read"], tenant_id: await tenant() });
  const theirs = await b.world.call("GET", URL, undefined, { authorization: `Bearer ${secret}` });
  expect([theirs.status, theirs.body.items.length, "unmapped" in theirs.body]).toEqual([200, 2, false]);
  // Without the question the list is the catalog's, and Stripe is not asked.
  const before = calls();
  const own = await b.world.must("GET", "/v1/plans");
  expect([own.items.length, "offer" in own.items[0], "source" in own, calls()]).toEqual([3, false, false, before]);
  const page = await b.world.must("GET", `${URL}&limit=1`);
  expect((await b.world.must("GET", `${URL}&limit=1&cursor=${page.next_cursor}`)).items[0].key).toBe("pro");
});

async function tenant(): Promise<string> {
  await b.world.must("PUT", "/v1/tenants/reader", { currency: "usd" });
  return "reader";
}

test("everybody who asks at once waits for one answer; for ten minutes no process asks again", async () => {
  const before = calls();
  await Promise.all(Array.from({ length: 12 }, () => list()));
  expect(calls()).toBe(before + 1);
  const other = await another();
  expect((await list(other)).items).toHaveLength(2);
  await other.close();
  expect(calls()).toBe(before + 1);
  await b.world.owner.query("update processor_offers set fetched_at = fetched_at - interval '10 minutes'");
  await list();
  expect(calls()).toBe(before + 2);
});

test.each(["price.updated", "product.updated", "price.created"])("%s: the next who asks is told what is sold now", async (type) => {
  await list();
  const before = calls();
  const product = b.stripe.objects.get("prod_starter")!;
  product.name = `Starter after ${type}`;
  b.stripe.emit(type, type.startsWith("product") ? product : b.stripe.objects.get("price_starter")!);
  await b.settle();
  const inbound = (await b.world.must("GET", "/v1/inbound-events")).items[0];
  expect([inbound.type, inbound.state]).toEqual([type, "done"]);
  expect((await list()).items[0].offer.product.name).toBe(`Starter after ${type}`);
  await list();
  expect(calls()).toBe(before + 1);
});

test("what changed while it was being listed is listed anew", async () => {
  b.stripe.emit("price.updated", b.stripe.objects.get("price_starter")!);
  await b.settle();
  // The row knows of the change before anything was listed.
  const [row] = (await b.world.owner.query("select changes, seen, offers from processor_offers")).rows;
  expect([row.changes, row.seen, row.offers]).toEqual([1n, 0n, null]);
  await list();
  await b.world.owner.query("update processor_offers set changes = changes + 1");
  const before = calls();
  await list();
  expect(calls()).toBe(before + 1);
});

test("a key that Stripe does not take is 502; without Stripe the source is refused by its name", async () => {
  const wrong = await another({ secretKey: "sk_test_wrong" });
  const answer = await wrong.get(URL);
  expect([answer.status, answer.body.code]).toEqual([502, "gateway_error"]);
  await wrong.close();
  const without = await createWorld({ at: { url: b.world.billing.databaseUrl } });
  expect((await without.get(URL)).body.errors[0].path).toBe("source");
  await without.close();
  expect((await b.world.get("/v1/plans?source=paddle")).body.errors[0].path).toBe("source");
});

test("a plan whose prices are not all there says which are missing; one of an earlier version is nobody's offer", async () => {
  b.stripe.objects.get("price_pro_seats")!.active = false;
  expect((await list()).items[1].offer.missing).toEqual(["seats"]);
  b.stripe.objects.get("price_pro_seats")!.active = true;
  await b.world.owner.query("delete from processor_offers");
  newPrice(b.stripe, { id: "price_before", product: "prod_pro" });
  await b.world.owner.query(
    "insert into processor_prices (processor, plan_key, plan_version, price_key, currency, reference, created_at) values ('stripe', 'pro', 0, 'base', 'usd', 'price_before', now())",
  );
  const { items, unmapped } = await list();
  expect(items[1].offer.prices.map((price: { reference: string }) => price.reference)).not.toContain("price_before");
  expect(unmapped).toHaveLength(1);
});

test("more than a page of prices is listed whole", async () => {
  for (let n = 0; n < 120; n++) newPrice(b.stripe, { id: `price_many_${n}`, product: "prod_secret", unit_amount: n });
  const before = calls();
  const { unmapped, items } = await list();
  expect([unmapped[0].prices.length, items.length, calls() - before]).toEqual([121, 2, 2]);
});

// Last, for this process then asks no more for a while.
test("while Stripe is away, it is what it was, and says so; it is not asked again at once, and never was: 503", async () => {
  await list();
  await b.world.owner.query("update processor_offers set fetched_at = fetched_at - interval '1 hour'");
  const before = calls();
  b.stripe.fail("GET", /v1\/prices$/, "down");
  const old = await list();
  expect([old.stale, old.items.length, Date.now() - Date.parse(old.fetched_at) > 3_000_000]).toEqual([true, 2, true]);
  expect((await list()).stale).toBe(true);
  expect(calls()).toBe(before + 1);
  await b.world.owner.query("delete from processor_offers");
  const answer = await b.world.get(URL);
  expect([answer.status, answer.body.code]).toEqual([503, "gateway_unavailable"]);
  // Another process asks for itself, and then all have it.
  const other = await another();
  expect((await list(other)).stale).toBe(false);
  expect((await list()).stale).toBe(false);
  await other.close();
});
