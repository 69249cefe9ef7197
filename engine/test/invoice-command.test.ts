/** `billwright invoice` against a served engine: by number and by id, a list, one made of a period. */
import { stripVTControlCharacters } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCommand } from "./terminal.ts";
import { createWorld, TEST_KEY, type World } from "./world.ts";

let world: World;
let env: Record<string, string>;
let clockId: string;
beforeAll(async () => {
  world = await createWorld({ config: { port: 0 } });
  env = { BILLWRIGHT_URL: await world.billing.listen(), BILLWRIGHT_API_KEY: TEST_KEY };
  const clock = await world.clock("2026-01-01T00:00:00Z");
  clockId = clock.id;
  await world.must("PUT", "/v1/catalog", {
    meters: [{ key: "calls", event: "call", aggregation: "count" }],
    coupons: [{ key: "tenth", name: "A tenth off", percent_off: 10, duration: "forever" }],
    tax_rates: [{ key: "vat", name: "VAT", kind: "vat", country: "DE", percent: 19 }],
    plans: [
      {
        key: "pro",
        name: "Pro",
        currency: "usd",
        interval: "month",
        prices: [
          { key: "base", name: "Base fee", type: "flat", amount: 2_900 },
          { key: "calls", name: "Calls", type: "usage", meter: "calls", unit_amount: "33.3" },
        ],
      },
    ],
  });
  for (const id of ["acme", "globex"]) {
    await world.must("PUT", `/v1/tenants/${id}`, { name: id === "acme" ? "Acme Inc." : null, test_clock: clock.id });
    await world.must("POST", `/v1/tenants/${id}/subscription`, { plan: "pro" });
  }
  await world.must("POST", "/v1/usage", { tenant_id: "acme", event: "call", idempotency_key: "1" });
  await clock.to("2026-02-03T00:00:00Z");
});
afterAll(() => world.close());

async function invoice(...args: string[]): Promise<{ out: string; err: string; code: number }> {
  const run = await runCommand(["invoice", ...args], env);
  return { ...run, out: stripVTControlCharacters(run.out) };
}

describe("show", () => {
  test("by number, wherever it is, and by id", async () => {
    const { out, code } = await invoice("show", "INV-2026-000003");
    expect(code).toBe(0);
    expect(out).toMatch(/Invoice INV-2026-000003 +paid\n/);
    expect(out).toMatch(/Acme Inc\., on Pro · 1 Jan to 1 Feb 2026 in UTC\n/);
    expect(out).toMatch(/Calls +1 .* 0\.33\n/);
    expect(out).toMatch(/exactly 0\.333, rounded once/);
    expect(out).toMatch(/Total +USD 29\.33\n/);
    const { id } = JSON.parse((await invoice("show", "INV-2026-000003", "--tenant", "acme", "--json")).out);
    expect((await invoice("show", id)).out).toBe(out);
  });

  test("discounts, taxes and credit notes under the lines, aligned with them", async () => {
    await world.must("PUT", "/v1/tenants/initech", { name: "Initech", currency: "usd", address: { country: "DE" }, test_clock: clockId });
    await world.must("POST", "/v1/tenants/initech/discounts", { coupon: "tenth" });
    const item = { description: "Work", amount: 123_456, invoice: "own", collection: "send_invoice" };
    const { invoice_id: id } = await world.must("POST", "/v1/tenants/initech/invoice-items", item);
    await world.must("POST", `/v1/invoices/${id}/pay`, { amount: 100_000 });
    await world.must("POST", `/v1/invoices/${id}/credit-notes`, { amount: 10_000, reason: "Late" });
    await world.must("POST", `/v1/invoices/${id}/credit-notes`, { amount: 25_000, settle: "balance" });
    await world.must("POST", `/v1/invoices/${id}/refunds`, { amount: 1_000 });
    const { out } = await invoice("show", id);
    const rows = out.trimEnd().split("\n");
    const totals = rows.slice(rows.findIndex((row) => row.includes(" Lines ")));
    expect(totals.map((row) => row.trim().replace(/ {2,}/g, " | "))).toEqual([
      "Lines | 1,234.56",
      "Discount: A tenth off | -123.46",
      "VAT 19 % | 211.11",
      "Total | USD 1,322.21",
      "Paid | 1,000.00",
      "Credit note CN-2026-000001: Late | -100.00",
      "off what was due | 100.00",
      "Credit note CN-2026-000002 | -250.00",
      "to the balance | 250.00",
      "Credit note CN-2026-000003 | -10.00",
      "given back | 10.00",
      "Due | 222.21",
    ]);
    // What is dim is a column to the left; everything else ends where the lines' amounts end.
    const ends = totals.filter((row) => !/due {2,}|balance {2,}|back {2,}/.test(row)).map((row) => row.length);
    expect(new Set(ends)).toEqual(new Set([rows.find((row) => row.includes(" Work "))!.length]));
    expect(Math.max(...rows.map((row) => row.length))).toBeLessThanOrEqual(100);
  });

  test("nothing where there is none", async () => {
    expect(await invoice("show", "INV-2026-000099")).toMatchObject({ code: 1, err: "There is no invoice INV-2026-000099.\n" });
    expect(await invoice("show", "INV-2026-000003", "--tenant", "globex")).toMatchObject({
      code: 1,
      err: expect.stringMatching(/of globex/),
    });
    expect(await invoice("show", "inv_01jzzzzzzzzzzzzzzzzzzzzzzz")).toMatchObject({ code: 1, err: "There is no such invoice.\n" });
  });
});

test("list: newest first, one state alone if asked", async () => {
  const { out } = await invoice("list", "--tenant", "acme");
  const rows = out.trimEnd().split("\n").slice(2);
  expect(rows).toEqual([
    expect.stringMatching(/^INV-2026-000003 +inv_\w+ +1 Jan 2026 +period +29\.33 +0\.00 +USD +paid$/),
    expect.stringMatching(/^INV-2026-000001 +inv_\w+ +1 Jan 2026 +start +29\.00 +0\.00 +USD +paid$/),
  ]);
  expect((await invoice("list", "--tenant", "acme", "--status", "void")).out).toBe("There is no invoice yet.\n");
  expect(await invoice("list", "--tenant", "nobody")).toMatchObject({ code: 1, err: 'There is no tenant "nobody".\n' });
});

test("make: the invoice of a period, once", async () => {
  const period = ["--tenant", "globex", "--period-start", "2026-02-01T00:00:00Z", "--period-end", "2026-03-01T00:00:00Z"];
  const first = JSON.parse((await invoice("make", ...period, "--json")).out);
  expect(first).toMatchObject({ tenant_id: "globex", reason: "period", number: "INV-2026-000006" });
  expect((await invoice("make", ...period)).out).toMatch(/Invoice INV-2026-000006 .*\n +globex, on Pro/);
  const wrong = await invoice(
    "make",
    "--tenant",
    "globex",
    "--period-start",
    "2026-02-02T00:00:00Z",
    "--period-end",
    "2026-03-01T00:00:00Z",
  );
  expect(wrong).toMatchObject({ code: 1, err: expect.stringMatching(/the one around it is 2026-02-01T00:00:00Z to 2026-03-01/) });
});
