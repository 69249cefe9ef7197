/** `billwright verify` over money from outside: received = applied + balance + returned + left, and a hand that changes it is found. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { verifyBooks } from "../src/cli/verify/books.ts";
import { createWorld, type World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await createWorld();
  await world.must("PUT", "/v1/tenants/acme", { currency: "usd" });
  const owed = async () => {
    const body = { description: "Work", amount: 1_000, invoice: "own", collection: "send_invoice" };
    return (await world.must("POST", "/v1/tenants/acme/invoice-items", body)).invoice_id as string;
  };
  const said = (reference: string, amount: number) => ({ method: "wire", reference, amount, received_at: "2026-01-01T00:00:00Z" });
  await world.must("POST", `/v1/invoices/${await owed()}/reconcile`, said("over", 1_200));
  const { id } = await world.must("POST", "/v1/tenants/acme/unapplied-payments", said("pot", 5_000));
  await world.must("POST", `/v1/unapplied-payments/${id}/apply`, { invoice: await owed(), amount: 600 });
  await world.must("POST", `/v1/unapplied-payments/${id}/balance`, { amount: 700 });
  await world.must("POST", `/v1/unapplied-payments/${id}/return`, { amount: 800 });
});
afterAll(() => world.close());

const wrong = async () => {
  const verdicts = await verifyBooks(world.billing.ctx.pool, { tenantId: null, usage: "none", limit: 5 }, () => undefined);
  return verdicts.filter((verdict) => verdict.wrong > 0);
};

it("is right as it was lived", async () => {
  const verdicts = await verifyBooks(world.billing.ctx.pool, { tenantId: "acme", usage: "none", limit: 5 }, () => undefined);
  expect(verdicts.filter((verdict) => verdict.wrong > 0)).toEqual([]);
  const counts = Object.fromEntries(verdicts.map(({ name, checked }) => [name, checked]));
  expect(counts).toMatchObject({ "receipts.conserved": 2, "receipts.payments": 2, "receipts.balance": 2 });
});

it.each([
  ["what is left", "update receipts set amount_left = amount_left - 1 where reference = 'pot'", "receipts.conserved", "5000", "4999"],
  ["what came", "update receipts set amount = amount + 1 where reference = 'over'", "receipts.conserved", "1201", "1200"],
  ["a use", "update receipt_uses set amount = 701 where kind = 'balance'", "receipts.balance", "701", "700"],
  ["a use that is gone", "delete from receipt_uses where kind = 'returned'", "receipts.conserved", "5000", "4200"],
  ["the balance", "delete from balance_entries where kind = 'received'", "receipts.balance", "700", "0"],
  ["a payment's money", "update payments set amount_received = 599 where amount_received = 600", "receipts.payments", / 600$/, / 599$/],
  [
    "a payment that nobody sent",
    `insert into payments (id, tenant_id, invoice_id, gateway, currency, amount, amount_received, status, attempt, requested_at, settled_at)
     select 'pay_none', tenant_id, invoice_id, gateway, currency, 5, 5, status, 9, requested_at, settled_at from payments where amount_received = 600`,
    "receipts.payments",
    "no payment",
    / 5$/,
  ],
])("a hand's edit of %s is found", async (_, edit, name, expected, found) => {
  await world.owner.query("begin");
  const kept = await world.owner.query<{ rows: string }>(
    "select jsonb_build_object('r', (select jsonb_agg(x) from receipts x), 'u', (select jsonb_agg(x) from receipt_uses x), 'b', (select jsonb_agg(x) from balance_entries x), 'p', (select jsonb_agg(x) from payments x)) as rows",
  );
  await world.owner.query("commit");
  const { rowCount } = await world.owner.query(edit);
  expect(rowCount).toBe(1);
  try {
    const [verdict] = (await wrong()).filter((one) => one.name === name);
    expect(verdict?.named[0]?.expected).toEqual(typeof expected === "string" ? expected : expect.stringMatching(expected));
    expect(verdict?.named[0]?.found).toEqual(typeof found === "string" ? found : expect.stringMatching(found));
  } finally {
    const rows = JSON.stringify(kept.rows[0]!.rows);
    await world.owner.query("delete from receipt_uses");
    await world.owner.query("delete from balance_entries");
    await world.owner.query("delete from payments");
    await world.owner.query("delete from receipts");
    for (const [key, table] of [
      ["r", "receipts"],
      ["p", "payments"],
    ] as const)
      await world.owner.query(`insert into ${table} select * from jsonb_populate_recordset(null::${table}, $1::jsonb -> '${key}')`, [rows]);
    for (const [key, table] of [
      ["u", "receipt_uses"],
      ["b", "balance_entries"],
    ] as const)
      await world.owner.query(
        `insert into ${table} overriding system value select * from jsonb_populate_recordset(null::${table}, $1::jsonb -> '${key}')`,
        [rows],
      );
  }
  expect(await wrong()).toEqual([]);
});
