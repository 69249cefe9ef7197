/** A plan is subscribed to on the gateway's page: the card is kept, the subscription starts once, and its first invoice is charged. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createWorld, type World } from "../world.ts";
import { pageOf } from "./credits.ts";
import { COLLECTED, ISSUED, tenantOf } from "./tenant.ts";

const CATALOG = {
  plans: [
    { key: "pro", name: "Pro", currency: "usd", interval: "month", prices: [{ key: "seats", type: "seat", unit_amount: "1000" }] },
    {
      key: "trial",
      name: "Trial",
      currency: "usd",
      interval: "month",
      trial_days: 7,
      prices: [{ key: "base", type: "flat", amount: 500 }],
    },
  ],
};
const RETURN = { success_url: "http://localhost:3000/welcome", cancel_url: "http://localhost:3000/pricing" };

describe("a plan on the gateway's page", () => {
  let world: World;
  let clock: Awaited<ReturnType<World["clock"]>>;

  beforeAll(async () => {
    world = await createWorld();
    await world.must("PUT", "/v1/catalog", CATALOG);
    clock = await world.clock("2026-03-01T00:00:00Z");
  });
  afterAll(() => world.close());

  async function newcomer(id: string) {
    await world.must("PUT", `/v1/tenants/${id}`, { currency: "usd", test_clock: clock.id });
    const tenant = tenantOf(world, id);
    await tenant.news();
    return { ...tenant, checkout: (body: object) => world.post(`${tenant.url}/checkout`, { ...RETURN, ...body }) };
  }

  it("starts once, and is charged to the card that was left there", async () => {
    const acme = await newcomer("acme");
    const { status, body: checkout } = await acme.checkout({ plan: "pro", seats: 3 });
    expect([status, checkout]).toMatchObject([201, { kind: "plan", plan: "pro", seats: 3, status: "open" }]);
    const page = pageOf(world, checkout.url);
    expect((await page.show()).html).toContain("Pro, 3 seats");
    expect((await page.pay("tok_expired_card")).status).toBe(402);
    const answers = await Promise.all([page.pay("tok_mastercard"), page.pay("tok_mastercard")]);
    expect(answers.map((answer) => answer.location)).toEqual(Array(2).fill(`http://localhost:3000/welcome?checkout_id=${checkout.id}`));
    await clock.to("2026-03-01T00:00:00Z");
    expect(await acme.news()).toEqual(["checkout.completed", "subscription.started", ...ISSUED, ...COLLECTED]);
    expect(await acme.subscription()).toMatchObject({ plan: "pro", seats: 3, status: "active" });
    const { items: methods } = await world.must("GET", `${acme.url}/payment-methods`);
    expect(methods).toMatchObject([{ brand: "mastercard", last4: "4444", default: true }]);
    expect(await acme.invoices()).toMatchObject([{ total: 3_000, status: "paid" }]);
    const { id } = await acme.subscription();
    expect(await world.must("GET", `${acme.url}/checkouts/${checkout.id}`)).toMatchObject({ status: "completed", subscription_id: id });
    expect((await acme.checkout({ plan: "pro" })).body.code).toBe("already_subscribed");
  });

  it("of a tenant that has subscribed meanwhile comes to nothing, and says so", async () => {
    const twice = await newcomer("twice");
    const [first, second] = [(await twice.checkout({ plan: "trial" })).body, (await twice.checkout({ plan: "pro" })).body];
    await pageOf(world, first.url).pay();
    expect(await twice.news()).toEqual(["checkout.completed", "subscription.started"]);
    await pageOf(world, second.url).pay();
    expect(await twice.news()).toEqual(["checkout.completed", "checkout.failed"]);
    expect(await world.must("GET", `${twice.url}/checkouts/${second.id}`)).toMatchObject({ status: "failed", subscription_id: null });
    expect(await twice.subscription()).toMatchObject({ plan: "trial", status: "trialing" });
  });

  it("refuses an unknown plan, and a checkout of another tenant does not exist", async () => {
    const asked = await newcomer("asked");
    expect(await asked.checkout({ plan: "nothing" })).toMatchObject({ status: 404, body: { code: "plan_not_found" } });
    const { body } = await asked.checkout({ plan: "pro" });
    expect((await world.get(`/v1/tenants/acme/checkouts/${body.id}`)).status).toBe(404);
    expect((await world.get(`${asked.url}/checkouts/nonsense`)).status).toBe(404);
  });
});
