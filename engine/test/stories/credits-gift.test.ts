/** Bought credits are given away: the one who receives them has what the giver paid for, and a refund takes back what the giver still has. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { createWorld, type World } from "../world.ts";
import { creditsOf, pageOf } from "./credits.ts";
import { COLLECTED, ISSUED, tenantOf } from "./tenant.ts";

const NOW = "2026-03-01T00:00:00Z";
let world: World;

beforeAll(async () => {
  world = await createWorld();
  await world.must("PUT", "/v1/catalog", { credit_products: [{ key: "pack", credits: 1_500, amount: 1_500, currency: "usd" }] });
});
afterAll(() => world.close());

it("a gift of bought credits stays with whom it was given to", async () => {
  const clock = await world.clock(NOW);
  for (const id of ["giver", "friend"]) await world.must("PUT", `/v1/tenants/${id}`, { currency: "usd", test_clock: clock.id });
  const [giver, friend] = [tenantOf(world, "giver"), tenantOf(world, "friend")];
  await Promise.all([giver.news(), friend.news()]);
  const urls = { success_url: "https://app.example/", cancel_url: "https://app.example/" };
  await pageOf(world, (await world.must("POST", `${giver.url}/credits/checkout`, { product: "pack", ...urls })).url).pay();
  expect(await giver.news()).toEqual(["checkout.completed", ...ISSUED, ...COLLECTED, "credits.granted"]);

  await world.must("POST", `${giver.url}/credits/transfers`, { to: "friend", amount: 600, idempotency_key: "birthday" });
  expect(await giver.news()).toEqual(["credits.transferred", "credits.low_balance"]);
  expect((await friend.news()).filter((type) => type !== "credits.low_balance")).toEqual(["credits.transferred"]);
  expect([await creditsOf(world, "giver", NOW), await creditsOf(world, "friend", NOW)]).toEqual([{ purchase: 900 }, { purchase: 600 }]);

  const [invoice] = await giver.invoices();
  await world.must("POST", `/v1/invoices/${invoice.id}/refunds`, {});
  await clock.to(NOW);
  expect(await giver.news()).toEqual(["invoice.credited", "credits.refunded", "payment.refunded"]);
  expect([await creditsOf(world, "giver", NOW), await creditsOf(world, "friend", NOW)]).toEqual([{}, { purchase: 600 }]);
  const { items } = await world.must("GET", `${giver.url}/credits/purchases`);
  expect(items).toMatchObject([{ granted: 1_500, taken_back: 900, not_taken_back: 600 }]);
});
