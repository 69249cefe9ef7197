/** The equation of money sees a loss that is made by hand: a balance that was used, on an invoice that is voided, and does not come back. */
import { expect, it } from "vitest";
import { createWorld } from "../world.ts";
import { expectMoneyConserved } from "./money-equation.ts";
import { advance, begin, CATALOG } from "./money-operations.ts";

it("fails where a used balance does not come back with the void", { timeout: 60_000 }, async () => {
  const world = await createWorld();
  try {
    await world.must("PUT", "/v1/catalog", CATALOG);
    const run = await begin((method, url, body) => world.call(method, url, body), "e");
    const own = `/v1/tenants/${run.ids[0]}`;
    await world.must("POST", `${own}/payment-methods/setup-intent`, { token: "tok_declined" });
    await world.must("POST", `${own}/invoice-items`, { description: "Rebate", amount: -500, invoice: "own" });
    await world.must("POST", `${own}/invoice-items`, { description: "Extra", amount: 2_000, invoice: "own" });
    await advance(run, run.now);
    const { pool } = world.billing.ctx;
    await expectMoneyConserved(pool, run.ids[0]!);
    const [open] = (await world.must("GET", `${own}/invoices?status=open`)).items;
    expect([open.balance_applied, open.amount_due]).toEqual([500, 1_500]);
    await world.must("POST", `/v1/invoices/${open.id}/void`);
    await expectMoneyConserved(pool, run.ids[0]!);
    await pool.query("delete from balance_entries where invoice_id = $1 and kind = 'returned'", [open.id]);
    await expect(expectMoneyConserved(pool, run.ids[0]!)).rejects.toThrow();
  } finally {
    await world.close();
  }
});
