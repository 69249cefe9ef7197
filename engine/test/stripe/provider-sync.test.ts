/** Invoices of the engine at Stripe, and all that becomes of them here: each told once, in order, and never more than was asked for here. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { notifyDue } from "../../src/processors/stripe/notify.ts";
import { stripeParts } from "../../src/processors/stripe/processor.ts";
import { type BillingSetting, createBilling } from "./billing-setting.ts";
import { moveBalance, type Thing } from "./resources/invoices.ts";
import type { Json } from "./server.ts";

let b: BillingSetting;
beforeAll(async () => {
  b = await createBilling({ providerSync: "invoices" });
});
afterAll(async () => {
  expect(b.stripe.objections).toEqual([]);
  expect(await b.wrong()).toEqual([]);
  await b.close();
});

const tell = () => notifyDue(b.world.billing.ctx, stripeParts(b.world.billing.ctx)!);
const hurry = () => b.world.owner.query("update processor_notices set next_at = '2020-01-01', claimed_until = null where done_at is null");
const notices = async (tenant: string) =>
  (await b.world.owner.query("select kind, error from processor_notices where tenant_id = $1 order by id", [tenant])).rows;
const customer = (tenant: string) => b.stripe.all("customer").find((one) => (one.metadata as Json).billwright_tenant === tenant) as Thing;
const there = (invoice: string) => b.stripe.all("invoice").find((one) => (one.metadata as Json).billwright_invoice === invoice) as Thing;
const creditsOf = (invoice: string) =>
  b.stripe
    .all("credit_note")
    .filter((one) => one.invoice === there(invoice).id)
    .reverse();
const invoice = (id: string) => b.world.must("GET", `/v1/invoices/${id}`);
const pay = (id: string, amount: number, reference: string) =>
  b.world.must("POST", `/v1/invoices/${id}/reconcile`, { method: "wire", reference, amount, received_at: "2026-11-28T00:00:00Z" });
const credit = (id: string, body: Json) => b.world.must("POST", `/v1/invoices/${id}/credit-notes`, body);

async function bill(tenant: string, amount: number): Promise<string> {
  const body = { description: "Work", amount, invoice: "own", collection: "send_invoice" };
  return (await b.world.must("POST", `/v1/tenants/${tenant}/invoice-items`, body)).invoice_id;
}

test("voided here, voided there; written off here, written off there; paid after all, paid there", async () => {
  await b.tenant("ends", "");
  const [one, two] = [await bill("ends", 1_000), await bill("ends", 2_000)];
  await tell();
  await b.world.must("POST", `/v1/invoices/${one}/void`);
  await b.world.must("POST", `/v1/invoices/${two}/uncollectible`);
  b.stripe.fail("POST", /void$/, "lost", "muffled");
  await tell();
  await hurry();
  await tell();
  await hurry();
  await b.world.owner.query("update processor_notices set done_at = null, next_at = '2020-01-01' where tenant_id = 'ends'");
  await tell();
  expect([there(one).status, there(two).status]).toEqual(["void", "uncollectible"]);
  expect(new Set(b.stripe.writes(/void$/).map(({ idempotencyKey }) => idempotencyKey))).toEqual(new Set([`void-${one}`]));
  await pay(two, 2_000, "LATE");
  await tell();
  expect(there(two)).toMatchObject({ status: "paid", amount_paid_off_stripe: 2_000 });
  expect((await notices("ends")).map(({ kind }) => kind)).toEqual(["mirror", "mirror", "void", "uncollectible", "paid"]);
  // What Stripe then says of its own is no news here.
  const before = await b.timeline("ends");
  await b.settle();
  expect(await b.timeline("ends")).toEqual(before);
});

test("a credit note takes off what is due there too; one that leaves nothing pays it", async () => {
  await b.tenant("offset", "");
  const id = await bill("offset", 1_000);
  await credit(id, { amount: 300, settle: "offset", reason: "late" });
  await tell();
  expect(there(id)).toMatchObject({ status: "open", amount_remaining: 700 });
  await credit(id, { amount: 700, settle: "offset" });
  b.stripe.fail("POST", /credit_notes$/, "lost", "down");
  await tell();
  await hurry();
  await tell();
  await hurry();
  await tell();
  expect(there(id)).toMatchObject({ status: "paid", amount_remaining: 0 });
  expect(creditsOf(id).map(({ amount, type }) => [amount, type])).toEqual([
    [300, "pre_payment"],
    [700, "pre_payment"],
  ]);
  expect(creditsOf(id)[0]).toMatchObject({ memo: expect.stringMatching(/^CN-.*: late$/) });
  expect((await invoice(id)).status).toBe("paid");
});

test("of one that is paid, what becomes balance is the customer's credit, and the next invoice asks for as much there as here", async () => {
  await b.tenant("balance", "");
  const paid = await bill("balance", 1_000);
  await pay(paid, 1_000, "P1");
  await credit(paid, { amount: 400, settle: "balance" });
  await tell();
  expect(creditsOf(paid)).toMatchObject([{ amount: 400, type: "post_payment", customer_balance_transaction: expect.any(String) }]);
  expect(customer("balance").balance).toBe(-400);
  const next = await bill("balance", 1_500);
  expect(await invoice(next)).toMatchObject({ balance_applied: 400, amount_due: 1_100 });
  await tell();
  expect(there(next)).toMatchObject({ total: 1_500, amount_due: 1_100, status: "open" });
  expect(customer("balance").balance).toBe(0);
  // Voided, both have it back.
  await b.world.must("POST", `/v1/invoices/${next}/void`);
  await tell();
  expect(customer("balance").balance).toBe(-400);
  expect(await notices("balance")).toEqual(expect.not.arrayContaining([expect.objectContaining({ error: expect.any(String) })]));
});

test("an invoice that gives back, and money beyond what was due, are balance there, once", async () => {
  await b.tenant("gives", "");
  await bill("gives", -250);
  const id = await bill("gives", 100);
  await tell();
  expect(there(id)).toMatchObject({ total: 100, amount_due: 0, status: "paid" });
  expect(customer("gives").balance).toBe(-150);
  const more = await bill("gives", 1_000);
  b.stripe.fail("POST", /balance_transactions$/, "muffled");
  await pay(more, 900, "OVER");
  await tell();
  await hurry();
  await b.world.owner.query(
    "update processor_notices set done_at = null, next_at = '2020-01-01' where tenant_id = 'gives' and kind = 'balance'",
  );
  await tell();
  expect(customer("gives").balance).toBe(-50);
  expect(there(more)).toMatchObject({ status: "paid" });
});

test("what others put into the customer's balance there is left alone, and what lacks is put there", async () => {
  await b.tenant("others", "");
  const credited = moveBalance(b.stripe, customer("others"), { amount: -5_000 });
  const id = await bill("others", 1_000);
  // Dies after it held it aside, and after it issued.
  b.stripe.fail("POST", /finalize$/, "down");
  await tell();
  await hurry();
  b.stripe.fail("POST", /balance_transactions$/, "down");
  await tell();
  await hurry();
  await tell();
  expect(there(id)).toMatchObject({ amount_due: 1_000, status: "open" });
  expect(customer("others").balance).toBe(credited.ending_balance);
  // Someone who owes there.
  await b.tenant("owes", "");
  moveBalance(b.stripe, customer("owes"), { amount: 700 });
  const owed = await bill("owes", 1_000);
  await tell();
  expect(there(owed)).toMatchObject({ amount_due: 1_000 });
  expect(customer("owes").balance).toBe(700);
  // Balance from before invoices were shown there.
  await b.tenant("before", "", { provider_sync: "off" });
  await bill("before", -300);
  await b.world.must("PUT", "/v1/tenants/before", { provider_sync: "invoices" });
  const used = await bill("before", 1_000);
  await tell();
  expect(there(used)).toMatchObject({ total: 1_000, amount_due: 700 });
  expect(customer("before").balance).toBe(0);
});

test("a note on what was paid here in part: it lessens what is due there, and its money is balance beside it", async () => {
  await b.tenant("part", "");
  const id = await bill("part", 1_000);
  await pay(id, 400, "PART");
  await credit(id, { amount: 300, settle: "balance" });
  b.stripe.fail("POST", /balance_transactions$/, "down");
  await tell();
  await hurry();
  await tell();
  expect(there(id)).toMatchObject({ status: "open", amount_remaining: 700 });
  expect(customer("part").balance).toBe(-300);
  expect(creditsOf(id)).toHaveLength(1);
  await pay(id, 600, "REST");
  await tell();
  expect(there(id)).toMatchObject({ status: "paid" });
});

test("one tenant's invoices may be shown there and another's not, whatever the engine is set to", async () => {
  await b.tenant("quiet", "", { provider_sync: "off" });
  const id = await bill("quiet", 1_000);
  await b.world.must("POST", `/v1/invoices/${id}/void`);
  await bill("quiet", -100);
  expect(await notices("quiet")).toEqual([]);
  expect(await b.world.must("PUT", "/v1/tenants/quiet", { provider_sync: null })).toMatchObject({ provider_sync: null });
  await bill("quiet", 250);
  expect((await notices("quiet")).map(({ kind }) => kind)).toEqual(["mirror"]);
  const refused = await b.world.put("/v1/tenants/quiet", { provider_sync: "all" });
  expect([refused.status, refused.body.errors[0].path]).toEqual([422, "provider_sync"]);
});

test("what Stripe refuses is said, and what comes after it does not wait; nothing overtakes within a tenant", async () => {
  // What the test before left is told, so that the fault meets this one.
  await tell();
  await b.tenant("order", "");
  const id = await bill("order", 1_000);
  await b.world.must("POST", `/v1/invoices/${id}/void`);
  b.stripe.fail("POST", /invoices$/, "down");
  await tell();
  expect(there(id)).toBeUndefined();
  await hurry();
  await tell();
  expect(there(id)).toMatchObject({ status: "void" });
  const gone = await bill("order", 500);
  await tell();
  (there(gone) as Json).status = "paid";
  await b.world.must("POST", `/v1/invoices/${gone}/void`);
  await tell();
  expect((await notices("order")).at(-1)).toEqual({ kind: "void", error: "Stripe's invoice is paid, so it was not voided." });
  await b.tenant("refused", "");
  const refused = await bill("refused", 1_000);
  await tell();
  b.stripe.objects.delete(String(there(refused).id));
  await b.world.must("POST", `/v1/invoices/${refused}/void`);
  await bill("refused", 10);
  await tell();
  const { items } = await b.world.must("GET", "/v1/tenants/refused/events?type=invoice.sync_failed");
  expect(items).toMatchObject([{ subject: refused, data: { kind: "void" } }]);
  expect((await notices("refused")).map(({ error }) => error === null)).toEqual([true, false, true]);
});
