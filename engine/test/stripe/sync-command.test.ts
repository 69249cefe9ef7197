/** `billwright stripe sync`: what the catalog sells, made at Stripe once, and sold there from then on. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { runCommand } from "../terminal.ts";
import { type BillingSetting, createBilling } from "./billing-setting.ts";
import { type Json, SECRET_KEY } from "./server.ts";

let b: BillingSetting;
beforeAll(async () => {
  b = await createBilling({ stripeMeters: {} });
  await b.world.must("PUT", "/v1/catalog", {
    meters: [
      { key: "tokens", event: "llm", aggregation: "sum", property: "tokens" },
      { key: "peak", event: "llm", aggregation: "max", property: "tokens" },
    ],
    plans: [
      {
        key: "team",
        name: "Team",
        currency: "usd",
        interval: "month",
        currencies: {
          inr: {
            prices: {
              base: 250_000,
              seats: "40000",
              tokens: {
                tiers: [
                  { up_to: 1_000, unit_amount: "1" },
                  { up_to: null, unit_amount: "0.5" },
                ],
              },
            },
          },
        },
        prices: [
          { key: "base", type: "flat", amount: 2_900, name: "Base fee" },
          { key: "seats", type: "seat", unit_amount: "500", included: 3 },
          {
            key: "tokens",
            type: "usage",
            meter: "tokens",
            model: "graduated",
            tiers: [
              { up_to: 1_000_000, unit_amount: "0.0002" },
              { up_to: null, unit_amount: "0.0001", flat_amount: "500" },
            ],
          },
        ],
      },
      {
        key: "odd",
        name: "Odd",
        currency: "usd",
        interval: "year",
        prices: [
          { key: "base", type: "flat", amount: 100 },
          { key: "share", type: "usage", meter: "tokens", model: "percentage", rate: "2" },
          { key: "peak", type: "usage", meter: "peak", unit_amount: "1" },
        ],
      },
    ],
  });
});
afterAll(async () => {
  expect(b.stripe.objections).toEqual([]);
  await b.close();
});

const sync = (...args: string[]) =>
  runCommand(["stripe", "sync", ...args], {
    STRIPE_SECRET_KEY: SECRET_KEY,
    STRIPE_API_URL: b.stripe.url,
    DATABASE_URL: b.world.billing.databaseUrl,
  });
const writes = () => b.stripe.writes(/products|prices|meters$/).length;

test("shows what it would make, and makes nothing until it is told to", async () => {
  const shown = await sync("--dry-run");
  expect(shown.code).toBe(1);
  expect(shown.out).toMatch(/\+ +meter +tokens +sum of tokens/);
  expect(shown.out).toMatch(/\+ +product +team +Team/);
  expect(shown.out).toMatch(/\+ +price +team@1 base usd +flat, flat/);
  expect(shown.out).toMatch(/\+ +price +team@1 seats inr/);
  expect(shown.out).toMatch(/! +price +odd@1 share usd +Stripe has no prices in percent of usage/);
  expect(shown.out).toMatch(/! +meter +peak +Stripe's meters have no max/);
  expect((await sync()).err).toContain("say --yes");
  expect(writes()).toBe(0);
});

test("makes it, once", async () => {
  expect(await sync("--yes")).toMatchObject({ code: 0, err: "" });
  const price = (key: string) => b.stripe.all("price").find((one) => one.lookup_key === key) as Json;
  expect(price("billwright_team_v1_base_usd")).toMatchObject({
    product: "billwright_team",
    unit_amount: 2_900,
    currency: "usd",
    nickname: "Base fee",
    recurring: { interval: "month", interval_count: 1, usage_type: "licensed" },
  });
  expect(price("billwright_team_v1_seats_usd")).toMatchObject({
    billing_scheme: "tiered",
    tiers_mode: "graduated",
    tiers: [
      { up_to: "3", unit_amount: "0" },
      { up_to: "inf", unit_amount_decimal: "500" },
    ],
  });
  const [meter] = b.stripe.all("billing.meter").filter((one) => one.event_name === "tokens");
  expect(meter).toMatchObject({ default_aggregation: { formula: "sum" }, customer_mapping: { event_payload_key: "stripe_customer_id" } });
  expect(price("billwright_team_v1_tokens_usd")).toMatchObject({
    recurring: { usage_type: "metered", meter: meter!.id },
    tiers: [
      { up_to: "1000000", unit_amount_decimal: "0.0002" },
      { up_to: "inf", unit_amount_decimal: "0.0001", flat_amount_decimal: "500" },
    ],
  });
  expect(price("billwright_team_v1_base_inr")).toMatchObject({ unit_amount: 250_000, currency: "inr" });
  const made = writes();
  const again = await sync("--yes");
  expect(again.out).toContain("Nothing was missing");
  expect(writes()).toBe(made);
  expect((await sync("--dry-run")).code).toBe(0);
});

test("what was made is sold from then on, in the tenant's currency", async () => {
  await b.tenant("asha", "pm_card_visa", { currency: "inr" });
  expect(await b.start("asha", { plan: "team", seats: 5 })).toMatchObject({ status: "active", currency: "inr" });
  const items = (b.there("asha").items as { data: Json[] }).data.map((item) => (item.price as Json).lookup_key);
  expect(items).toEqual(["billwright_team_v1_base_inr", "billwright_team_v1_seats_inr", "billwright_team_v1_tokens_inr"]);
  const [invoice] = await b.invoices("asha");
  expect(invoice.lines.map((line: Json) => line.description)).toEqual(["Team: Base fee", "Team: seats"]);
});

test("a version that is new gets prices of its own, and the old ones stay", async () => {
  const { catalog } = { catalog: await b.world.must("GET", "/v1/catalog") };
  catalog.plans.find((plan: Json) => plan.key === "team").prices[0].amount = 3_900;
  await b.world.must("PUT", "/v1/catalog", catalog);
  const shown = await sync("--dry-run");
  expect(shown.out).toMatch(/\+ +price +team@2 base usd/);
});
