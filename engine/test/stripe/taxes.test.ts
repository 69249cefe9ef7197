/** Stripe Tax for the engine's own invoices: asked outside of every write, taken once, recorded once, and never guessed. */
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { recordTaxes } from "../../src/billing/invoices/record-taxes.ts";
import { renewDue } from "../../src/billing/subscriptions/renew.ts";
import { stripeClient } from "../../src/gateways/stripe/client.ts";
import { stripeTaxEngine } from "../../src/taxes/stripe.ts";
import { BOOKS_CODE, FREE_CODE } from "./resources/taxes.ts";
import { type Json, SECRET_KEY } from "./server.ts";
import { createSetting, type Setting } from "./setting.ts";

let s: Setting;
const DAY = 86_400_000;
const PLANS = [
  { key: "basic", name: "Basic", amount: 1_000 },
  { key: "large", name: "Large", amount: 10_000 },
  { key: "books", name: "Books", amount: 2_000 },
];
beforeAll(async () => {
  s = await createSetting({
    taxEngine: "stripe",
    stripeTaxCodes: { books: BOOKS_CODE, "large.extra": FREE_CODE },
    seller: { name: "Us", address: "Berlin", country: "DE", region: null, taxId: "DE1" },
  });
  await s.world.must("PUT", "/v1/catalog", {
    plans: PLANS.map(({ key, name, amount }) => ({
      key,
      name,
      currency: "eur",
      interval: "month",
      prices: [{ key: "base", type: "flat", amount }, ...(key === "large" ? [{ key: "extra", type: "flat", amount: 500 }] : [])],
    })),
    credit_products: [{ key: "pack", name: "Pack", credits: 100, amount: 900, currency: "eur" }],
  });
});
afterAll(async () => {
  expect(s.stripe.objections).toEqual([]);
  expect(await s.wrong()).toEqual([]);
  await s.close();
});

const GERMAN = { country: "DE", city: "Berlin", postal_code: "10115", line1: "Allee 1" };
const calculations = () => s.stripe.writes(/tax\/calculations$/);
const transactions = () => s.stripe.all("tax.transaction").reverse() as (Json & { line_items: { data: Json[] } })[];
const tenant = (id: string, more: Json = {}) =>
  s.world.must("PUT", `/v1/tenants/${id}`, { name: id, currency: "eur", address: GERMAN, ...more });
const item = (id: string, amount: number, more: Json = {}) =>
  s.world.post(`/v1/tenants/${id}/invoice-items`, { description: "Work", amount, invoice: "own", collection: "send_invoice", ...more });
const bill = async (id: string, amount: number) => {
  const { body } = await item(id, amount);
  return s.world.must("GET", `/v1/invoices/${body.invoice_id}`);
};
const record = () => recordTaxes(s.world.billing.ctx);
const free = () => s.world.owner.query("update tax_records set claimed_until = null, next_at = '2020-01-01' where status = 'waiting'");
const again = () => s.world.owner.query("update tax_waits set next_at = '2020-01-01'");
const events = async (id: string, type: string) => (await s.world.must("GET", `/v1/tenants/${id}/events?type=${type}`)).items;
const renew = () => renewDue(s.world.billing.ctx, { now: Date.now(), testClockId: null });
let seen = 0;
let made = 0;
beforeEach(async () => {
  await record();
  seen = calculations().length;
  made = transactions().length;
});

test("an invoice has the taxes that Stripe answered for its lines, and is recorded there once, under its id", async () => {
  await tenant("acme");
  const invoice = await bill("acme", 1_000);
  expect(invoice).toMatchObject({
    subtotal: 1_000,
    tax: 190,
    total: 1_190,
    tax_status: "taxed",
    place_of_supply: "DE",
    taxes: [{ name: "VAT", kind: "vat", taxable: 1_000, amount: 190 }],
  });
  expect(
    calculations()
      .slice(seen)
      .map(({ form }) => form),
  ).toEqual([
    {
      currency: "eur",
      customer_details: {
        address: { country: "DE", city: "Berlin", postal_code: "10115", line1: "Allee 1" },
        address_source: "billing",
      },
      line_items: [{ amount: "1000", reference: "0", tax_behavior: "exclusive" }],
      expand: ["line_items.data.tax_breakdown"],
    },
  ]);
  expect(transactions()).toHaveLength(made);
  expect([await record(), await record()]).toEqual([1, 0]);
  expect(transactions().slice(made)).toMatchObject([{ reference: invoice.id, line_items: { data: [{ amount: 1_000, amount_tax: 190 }] } }]);
});

test("what is previewed is what is made, by one question; two that are alike are two questions and two records", async () => {
  await tenant("preview");
  await s.world.must("POST", "/v1/tenants/preview/subscription", { plan: "basic" });
  await record();
  const [before, done] = [calculations().length, transactions().length];
  const upcoming = await s.world.must("POST", "/v1/tenants/preview/upcoming-invoice", {});
  expect(upcoming).toMatchObject({ tax: 190, total: 1_190 });
  await s.world.must("POST", "/v1/tenants/preview/upcoming-invoice", {});
  expect(calculations()).toHaveLength(before + 1);
  const draft = (await item("preview", 1_000, { invoice: "draft" })).body.invoice_id;
  expect(calculations()).toHaveLength(before + 1);
  expect(await s.world.must("POST", `/v1/invoices/${draft}/finalize`)).toMatchObject({ total: 1_190 });
  expect(calculations()).toHaveLength(before + 1);
  await record();
  expect(
    transactions()
      .slice(done)
      .map(({ reference }) => reference),
  ).toEqual([draft]);
  await tenant("twins");
  const twins = await Promise.all(Array.from({ length: 5 }, () => bill("twins", 700)));
  expect(twins.map(({ total }) => total)).toEqual(Array.from({ length: 5 }, () => 833));
  await record();
  expect(
    transactions()
      .slice(done + 1)
      .map(({ reference }) => reference)
      .sort(),
  ).toEqual(twins.map(({ id }) => id).sort());
  const { rows } = await s.world.owner.query("select count(distinct calculation)::int as n from tax_records where tenant_id = 'twins'");
  expect(rows).toEqual([{ n: 5 }]);
});

test("Stripe does not answer: nothing is made, it is said once, and the same request does it later", async () => {
  await tenant("patient");
  s.stripe.fail("POST", /tax\/calculations$/, "down", "lost", "lost");
  const key = { "idempotency-key": "patient-1" };
  const ask = () =>
    s.world.post(
      "/v1/tenants/patient/invoice-items",
      { description: "Work", amount: 500, invoice: "own", collection: "send_invoice" },
      key,
    );
  const refused = await ask();
  expect([refused.status, refused.body]).toMatchObject([503, { code: "tax_unavailable", tax_engine: "stripe" }]);
  // Until it is due again nobody is asked.
  expect((await ask()).status).toBe(503);
  expect(calculations()).toHaveLength(seen + 1);
  await again();
  expect((await ask()).status).toBe(503);
  await again();
  const made = await ask();
  expect(made.status).toBe(201);
  expect((await ask()).body).toEqual(made.body);
  expect((await s.world.must("GET", "/v1/tenants/patient/invoices")).items).toMatchObject([{ total: 595 }]);
  expect(await events("patient", "tax.delayed")).toHaveLength(1);
  expect((await s.world.owner.query("select * from tax_waits")).rows).toEqual([]);
});

test("a buyer whom Stripe cannot place is refused with what to do, and served as soon as it is done", async () => {
  await tenant("nowhere", { address: { country: "US", state: "CA" } });
  const answer = await item("nowhere", 1_000);
  expect([answer.status, answer.body]).toMatchObject([422, { code: "tax_refused", errors: [{ path: "tenant" }] }]);
  expect(answer.body.detail).toContain("valid customer address");
  await tenant("nowhere", { address: { country: "US", state: "CA", postal_code: "94111" } });
  expect(await bill("nowhere", 1_000)).toMatchObject({
    tax: 87,
    place_of_supply: "US-CA",
    taxes: [
      { name: "CA State Tax", percent: "6.25", amount: 63 },
      { name: "SAN FRANCISCO", percent: "2.375", amount: 24 },
    ],
  });
});

test("a run renews all whose taxes are known; the others wait, and have the period that they would have had", async () => {
  const start = new Date(Date.now() - 31 * DAY).toISOString();
  for (const [index, id] of ["run-a", "run-b", "run-c"].entries()) {
    await tenant(id);
    await s.world.must("POST", `/v1/tenants/${id}/subscription`, { plan: PLANS[index]!.key });
  }
  await s.world.owner.query(
    `update subscriptions set current_period_start = $1, cycle_start = $1, anchor_at = $1, closed_until = $1, started_at = $1,
       current_period_end = $1::timestamptz + interval '1 month', due_at = $1::timestamptz + interval '1 month' where tenant_id like 'run-%'`,
    [start],
  );
  await s.world.owner.query(
    "update invoice_lines set period_start = $1, period_end = $1::timestamptz + interval '1 month' where tenant_id like 'run-%'",
    [start],
  );
  await tenant("run-b", { address: { country: "US", state: "CA" } });
  const due = async () =>
    (await s.world.owner.query("select tenant_id from subscriptions where due_at <= now() and tenant_id like 'run-%'")).rows.map(
      (row) => row.tenant_id,
    );
  expect(await due()).toHaveLength(3);
  await renew();
  expect(await due()).toEqual(["run-b"]);
  expect(await events("run-b", "tax.delayed")).toHaveLength(1);
  await renew();
  expect(await due()).toEqual(["run-b"]);
  await tenant("run-b");
  await renew();
  expect(await due()).toEqual([]);
  const period = async (id: string) => {
    const [{ period_start, period_end, total }] = (await s.world.must("GET", `/v1/tenants/${id}/invoices`)).items;
    return [period_start, period_end, total];
  };
  const [from, until] = await period("run-a");
  expect([await period("run-b"), await period("run-c")]).toEqual([
    [from, until, 12_400],
    [from, until, 2_140],
  ]);
});

test("under a test clock nobody waits: the clock is not moved past an invoice that cannot be taxed", async () => {
  const clock = await s.world.clock("2026-01-01T00:00:00Z");
  await tenant("clocked", { test_clock: clock.id });
  await s.world.must("POST", "/v1/tenants/clocked/subscription", { plan: "basic" });
  s.stripe.fail("POST", /tax\/calculations$/, "down");
  await expect(clock.to("2026-02-01T00:00:00Z")).rejects.toThrow("tax_unavailable");
  await again();
  await clock.to("2026-02-01T00:00:00Z");
  expect((await s.world.must("GET", "/v1/tenants/clocked/invoices")).items).toHaveLength(2);
});

test("a plan change is previewed and made with its taxes; what it gives back is taken off the sale that sold it", async () => {
  await tenant("changer");
  await s.world.must("POST", "/v1/tenants/changer/subscription", { plan: "large" });
  await record();
  const [sold] = (await s.world.must("GET", "/v1/tenants/changer/invoices")).items;
  // Of the extra nothing is due.
  expect(sold).toMatchObject({ subtotal: 10_500, tax: 1_900, total: 12_400 });
  const dry = await s.world.must("POST", "/v1/tenants/changer/subscription/plan", { plan: "basic", when: "now", dry_run: true });
  expect(dry.lines.length).toBeGreaterThan(1);
  await s.world.must("POST", "/v1/tenants/changer/subscription/plan", { plan: "basic", when: "now" });
  const [change] = (await s.world.must("GET", "/v1/tenants/changer/invoices")).items;
  expect(change.total).toBeLessThan(0);
  expect(change.tax).toBeLessThan(0);
  const before = transactions().length;
  await record();
  const back = transactions().slice(before);
  const original = transactions().find(({ reference }) => reference === sold.id)!;
  expect(back.map(({ reversal }) => reversal)).toEqual([{ original_transaction: original.id }, { original_transaction: original.id }]);
  const sum = (field: string) => back.flatMap(({ line_items: { data } }) => data).reduce((all, line) => all + Number(line[field]), 0);
  expect([sum("amount"), sum("amount_tax")]).toEqual([change.subtotal, change.tax]);
});

test("a credit note takes its part back, a void all of it; in order, however late the sale was recorded", async () => {
  await tenant("returns");
  const credited = await bill("returns", 10_000);
  await s.world.must("POST", `/v1/invoices/${credited.id}/credit-notes`, { amount: 1_190, settle: "offset" });
  const voided = await bill("returns", 300);
  await s.world.must("POST", `/v1/invoices/${voided.id}/void`);
  s.stripe.fail("POST", /create_from_calculation$/, "down");
  await record();
  expect(transactions()).toHaveLength(made);
  await free();
  await record();
  const told = transactions().slice(made);
  expect(told.map(({ type, line_items: { data } }) => [type, data.map((line) => [line.amount, line.amount_tax])])).toEqual([
    ["transaction", [[10_000, 1_900]]],
    ["reversal", [[-1_000, -190]]],
    ["transaction", [[300, 57]]],
    ["reversal", [[-300, -57]]],
  ]);
  expect(await record()).toBe(0);
});

test("an answer that is lost, and a worker that dies after it told, record nothing twice", async () => {
  await tenant("crash");
  const one = await bill("crash", 100);
  const two = await bill("crash", 200);
  await s.world.owner.query("create function die() returns trigger language plpgsql as $$ begin raise exception 'dead'; end $$");
  await s.world.owner.query(
    `create trigger die before update on tax_records for each row when (new.status = 'done' and new.invoice_id = '${two.id}') execute function die()`,
  );
  // The connection is cut after it was done; then the worker dies before it writes that down; then there is no answer.
  s.stripe.fail("POST", /create_from_calculation$/, "lost");
  await expect(record()).rejects.toThrow("dead");
  await s.world.owner.query("drop trigger die on tax_records");
  await free();
  s.stripe.fail("POST", /create_from_calculation$/, "muffled");
  await record();
  await free();
  await record();
  expect(
    transactions()
      .slice(made)
      .map(({ reference }) => reference),
  ).toEqual([one.id, two.id]);
  // So late that the key is forgotten, the reference still stands in the way.
  const { ctx } = s.world.billing;
  const engine = ctx.taxes.kind === "outside" ? ctx.taxes : null;
  const calculation = String(s.stripe.all("tax.calculation")[0]!.id);
  s.stripe.all("tax.transaction").find(({ reference }) => reference === two.id)!.reference = "late";
  await expect(engine!.record({ reference: "late", calculation, currency: "eur", codes: [""] })).rejects.toMatchObject({
    name: "TaxRecorded",
  });
});

test("what Stripe will not record is said, and entered by hand", async () => {
  await tenant("expired");
  const invoice = await bill("expired", 400);
  const calculation = s.stripe.all("tax.calculation")[0]!;
  calculation.expires_at = 0;
  await record();
  expect(await events("expired", "tax.record_failed")).toMatchObject([{ subject: invoice.id, data: { kind: "sale" } }]);
  // What is taken back of it has nothing to be taken off.
  await s.world.must("POST", `/v1/invoices/${invoice.id}/void`);
  await record();
  expect(await events("expired", "tax.record_failed")).toHaveLength(2);
});

test("businesses abroad owe it themselves, who is exempt owes none, codes have their own rate, an unknown country is the seller's", async () => {
  await tenant("french", { address: { country: "FR", city: "Paris" }, tax_id: "FR12345678901" });
  expect(await bill("french", 1_000)).toMatchObject({ tax: 0, total: 1_000, tax_status: "reverse_charge" });
  expect(calculations().at(-1)!.form.customer_details).toMatchObject({ tax_ids: [{ type: "eu_vat", value: "FR12345678901" }] });
  await tenant("museum", { tax_exempt: true });
  expect(await bill("museum", 1_000)).toMatchObject({ tax: 0, tax_status: "exempt" });
  await tenant("reader", { address: null });
  await s.world.must("POST", "/v1/tenants/reader/subscription", { plan: "books" });
  expect((await s.world.must("GET", "/v1/tenants/reader/invoices")).items).toMatchObject([
    { subtotal: 2_000, tax: 140, place_of_supply: "DE" },
  ]);
  expect(calculations().at(-1)!.form.line_items).toMatchObject([{ tax_code: BOOKS_CODE }]);
});

test("packs are offered on a page and sold with their taxes; a summary without them says nothing of the next invoice", async () => {
  await tenant("packs");
  const sold = await s.world.must("POST", "/v1/tenants/packs/credits/purchases", { product: "pack", collection: "send_invoice" });
  expect(await s.world.must("GET", `/v1/invoices/${sold.invoice_id}`)).toMatchObject({
    subtotal: 900,
    total: 1_071,
  });
  const page = { product: "pack", success_url: "https://app.example/ok", cancel_url: "https://app.example/no", gateway: "stripe" };
  expect(await s.world.must("POST", "/v1/tenants/packs/credits/checkout", page)).toMatchObject({ amount: 1_071 });
  await s.world.must("POST", "/v1/tenants/packs/subscription", { plan: "basic" });
  s.stripe.fail("POST", /tax\/calculations$/, "down");
  const summary = () => s.world.must("GET", "/v1/tenants/packs/summary");
  expect(await summary()).toMatchObject({ next_invoice: null, subscription: { plan: "basic" } });
  await again();
  expect(await summary()).toMatchObject({ next_invoice: { total: 1_190 } });
});

test("nothing is asked where there is nothing to tax, nor for advice; drafts are reckoned anew when they are issued", async () => {
  await tenant("idle");
  expect((await item("idle", 0)).status).toBe(201);
  expect(calculations()).toHaveLength(seen);
  const draft = (await item("idle", 1_000, { invoice: "draft" })).body.invoice_id;
  expect(await s.world.must("GET", `/v1/invoices/${draft}`)).toMatchObject({ status: "draft", tax: 190 });
  await record();
  expect(transactions()).toHaveLength(made);
  await tenant("idle", { address: { country: "FR", city: "Paris" } });
  expect(await s.world.must("POST", `/v1/invoices/${draft}/finalize`)).toMatchObject({ status: "open", tax: 200 });
  await record();
  expect(
    transactions()
      .slice(made)
      .map(({ reference }) => reference),
  ).toEqual([draft]);
});

test("prices that contain the tax, and currencies that Stripe counts otherwise", async () => {
  const client = stripeClient({ secretKey: SECRET_KEY, apiUrl: s.stripe.url, timeoutMs: 5_000 });
  const engine = stripeTaxEngine(client, { stripeTaxCodes: {}, stripeTaxBehavior: "inclusive" });
  const buyer = { country: "DE", region: null, city: null, postalCode: null, line1: null, line2: null, taxId: null, exempt: false };
  const answer = await engine.calculate({ buyer, currency: "eur", sums: [{ code: "", amountMinor: 1_190n }] });
  expect(answer.taxes).toMatchObject([[{ inclusive: true, taxable: 1_000n, amount: 190n }]]);
  const dinar = engine.calculate({ buyer, currency: "kwd", sums: [{ code: "", amountMinor: 1_234n }] });
  await expect(dinar).rejects.toMatchObject({ name: "TaxRefused" });
});

test("verify finds a tax that nobody answered, and a sale that is not to be recorded", async () => {
  await tenant("edited");
  const { id } = await bill("edited", 600);
  await s.world.owner.query("update tax_answers set sums = '[]' where invoice_id = $1", [id]);
  expect((await s.wrong()) as Json[]).toMatchObject([{ name: "taxes.answers", wrong: 1 }]);
  await s.world.owner.query("delete from tax_records where invoice_id = $1", [id]);
  expect((await s.wrong()) as Json[]).toMatchObject([{ name: "taxes.answers" }, { name: "taxes.records", wrong: 1 }]);
  await s.world.owner.query("delete from tax_answers where invoice_id = $1", [id]);
});
