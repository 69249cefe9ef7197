/** What was sold and what plans granted is proved by `billwright verify`, and what a hand changes in it is found and named. */
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { pageOf } from "./stories/credits.ts";
import { runCommand } from "./terminal.ts";
import { createWorld, type World } from "./world.ts";

let world: World;
const NOW = "2026-03-01T00:00:00Z";
const URLS = { success_url: "https://app.example/", cancel_url: "https://app.example/" };

beforeAll(async () => {
  world = await createWorld();
  await world.must("PUT", "/v1/catalog", {
    meters: [{ key: "tokens", event: "tokens", aggregation: "sum", credit_cost: 3, credit_overdraft: "bill" }],
    plans: [
      {
        key: "pro",
        currency: "usd",
        interval: "month",
        prices: [
          { key: "base", type: "flat", amount: 500 },
          { key: "tokens", type: "usage", meter: "tokens", unit_amount: "2" },
        ],
        credits: { amount: 100 },
      },
    ],
    credit_products: [{ key: "pack", credits: 1_000, amount: 1_000, currency: "usd" }],
  });
  const clock = await world.clock(NOW);
  for (const id of ["acme", "other"]) {
    await world.must("PUT", `/v1/tenants/${id}`, { currency: "usd", test_clock: clock.id });
    const url = `/v1/tenants/${id}`;
    await world.must("POST", `${url}/subscription`, { plan: "pro" });
    await world.must("POST", `${url}/payment-methods/setup-intent`, { token: "tok_visa" });
    await world.must("PUT", `${url}/credits/top-up-rules/gift`, { source: "promotion", amount: 5, interval: "week" });
    await world.must("PUT", `${url}/credits/top-up-rules/pack`, { product: "pack", interval: "month" });
    await pageOf(world, (await world.must("POST", `${url}/credits/checkout`, { product: "pack", ...URLS })).url).pay();
    await world.must("POST", `${url}/credits/purchases`, { product: "pack", collection: "send_invoice" });
    await clock.to(NOW);
    await world.must("POST", "/v1/usage", { tenant_id: id, event: "tokens", amount: 400, idempotency_key: "1" });
  }
  const { items } = await world.must("GET", "/v1/tenants/acme/credits/purchases");
  const invoiceOf = (origin: string) => items.find((one: { origin: string }) => one.origin === origin).invoice_id;
  await world.must("POST", `/v1/invoices/${invoiceOf("checkout")}/refunds`, { amount: 100 });
  await world.must("POST", `/v1/invoices/${invoiceOf("invoice")}/void`);
  await clock.to("2026-04-01T00:00:00Z");
});
afterAll(() => world.close());

const NAMES = [
  "sales.purchases",
  "sales.purchase_grants",
  "sales.plan_grants",
  "sales.occurrences",
  "sales.top_up_runs",
  "sales.top_up_rules",
  "sales.covered",
];

async function verify(): Promise<{ code: number; wrong: Map<string, { tenant_id: string; expected: string; found: string }> }> {
  const { code, out } = await runCommand(["verify", "--json"], { DATABASE_URL: world.billing.databaseUrl });
  const { checks } = JSON.parse(out) as {
    checks: { name: string; checked: number; wrong: number; named: { tenant_id: string; expected: string; found: string }[] }[];
  };
  for (const name of NAMES) expect([name, (checks.find((check) => check.name === name)?.checked ?? 0) > 0]).toEqual([name, true]);
  return { code, wrong: new Map(checks.filter((check) => check.wrong > 0).map((check) => [check.name, check.named[0]!])) };
}

test("the books of what was lived through are right", async () => {
  expect([...(await verify()).wrong]).toEqual([]);
});

test.each([
  [
    "a purchase that was never paid",
    "update credit_purchases set status = 'granted', granted_at = created_at where tenant_id = 'other' and granted = 0",
    "sales.purchases",
    "open",
    "granted",
  ],
  [
    "what a purchase granted",
    "update credit_purchases set granted = 999 where tenant_id = 'acme' and granted > 0",
    "sales.purchase_grants",
    "999 once",
    "1000 once",
  ],
  [
    "what a plan granted",
    "update plan_credits set granted = 90 where tenant_id = 'other' and granted = 100 and cause = 'opening'",
    "sales.plan_grants",
    "90",
    "100",
  ],
  [
    "an occurrence that granted",
    "update credit_top_up_occurrences set status = 'skipped', reason = 'paused', grant_id = null where tenant_id = 'acme' and at = '2026-03-08' and status = 'granted'",
    "sales.occurrences",
    "nothing",
    "1 grant",
  ],
  [
    "an occurrence that bought nothing",
    "update credit_top_up_runs set status = 'failed' where tenant_id = 'other' and status = 'granted' and occurrence_at = '2026-03-01'",
    "sales.occurrences",
    "1 purchase",
    "nothing",
  ],
  [
    "a purchase that is paid and runs on",
    "update credit_top_up_runs set status = 'running', ended_at = null where tenant_id = 'other' and occurrence_at = '2026-04-01'",
    "sales.top_up_runs",
    "granted",
    "running",
  ],
  [
    "a rule that would do it again",
    "update credit_top_up_rules set next_at = '2026-03-29' where tenant_id = 'acme' and key = 'gift'",
    "sales.top_up_rules",
    "after 2026-03-29 00:00:00+00",
    "at 2026-03-29 00:00:00+00",
  ],
  ["what was covered", "update usage_covered set at = at + interval '1 hour'", "sales.covered", "an event", "none"],
])("%s is found", async (_what, edit, name, expected, found) => {
  const client = new pg.Client({ connectionString: world.billing.databaseUrl });
  await client.connect();
  // The copy of each table that is changed puts it back.
  const table = /^update (\w+)/.exec(edit)![1]!;
  await client.query(`create table kept as select * from ${table}`);
  try {
    expect((await client.query(edit)).rowCount).toBeGreaterThan(0);
    const { code, wrong } = await verify();
    expect(code).not.toBe(0);
    expect(wrong.get(name)).toMatchObject({ expected, found });
  } finally {
    await client.query(`delete from ${table}`);
    await client.query(`insert into ${table} select * from kept`);
    await client.query("drop table kept");
    await client.end();
  }
});
