/** What went wrong elsewhere with money that somebody reports: anyone could say that an invoice was paid, of any amount, twice. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tenantOf } from "../stories/tenant.ts";
import { createWorld, type World } from "../world.ts";

describe("lessons of bank transfers", () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld();
    await world.must("PUT", "/v1/tenants/acme", { currency: "usd" });
    await world.must("PUT", "/v1/tenants/rival", { currency: "usd" });
  });
  afterAll(() => world.close());

  const said = (more: object = {}) => ({ method: "wire", reference: "UTR 1", amount: 1_000, received_at: "2026-01-01T00:00:00Z", ...more });
  const owed = async (tenant = "acme", more: object = {}) => {
    const body = { description: "Work", amount: 1_000, invoice: "own", collection: "send_invoice", ...more };
    return (await world.must("POST", `/v1/tenants/${tenant}/invoice-items`, body)).invoice_id as string;
  };
  const dueOf = async (id: string) => (await world.must("GET", `/v1/invoices/${id}`)).amount_due;

  it("lesson 7: whoever has no login, or is billed, marks nothing as paid", async () => {
    const id = await owed();
    const { secret } = await world.must("POST", "/v1/api-keys", { name: "own", scopes: ["billing.write"], tenant_id: "acme" });
    const { secret: reader } = await world.must("POST", "/v1/api-keys", { name: "reader", scopes: ["billing.read"] });
    for (const [url, body] of [
      [`/v1/invoices/${id}/reconcile`, said()],
      ["/v1/tenants/acme/unapplied-payments", said()],
      ["/v1/bank-statements", { csv: "Date,Credit\n2026-01-01,5\n" }],
    ] as const) {
      expect((await world.post(url, body, { authorization: "" })).status).toBe(401);
      for (const key of [secret, reader]) {
        const answer = await world.post(url, body, { authorization: `Bearer ${key}` });
        expect([answer.status, answer.body.code]).toEqual([403, "forbidden"]);
      }
    }
    expect(await dueOf(id)).toBe(1_000);
    expect((await world.must("GET", "/v1/tenants/acme/payments")).items).toEqual([]);
  });

  it("lesson 7: the amount and the currency are what is compared with what is due", async () => {
    const id = await owed();
    const other = await world.post(`/v1/invoices/${id}/reconcile`, said({ reference: "eur", currency: "eur" }));
    expect([other.status, other.body.errors[0].path]).toEqual([422, "currency"]);
    expect(await dueOf(id)).toBe(1_000);
    const less = await world.post(`/v1/invoices/${id}/reconcile`, said({ reference: "less", amount: 999 }));
    expect([less.body.invoice.status, less.body.invoice.amount_due]).toEqual(["open", 1]);
    // What was refused was not counted.
    expect((await world.post(`/v1/invoices/${id}/reconcile`, said({ reference: "eur", amount: 1 }))).body.invoice.status).toBe("paid");
  });

  it.each([
    ["no amount", { amount: 0 }, "amount"],
    ["less than nothing", { amount: -5 }, "amount"],
    ["half a cent", { amount: 1.5 }, "amount"],
    ["a reference of spaces", { reference: "   " }, "reference"],
    ["a method that there is not", { method: "cash" }, "method"],
    ["a day that has not come", { received_at: "2999-01-01T00:00:00Z" }, "received_at"],
    ["a currency that there is not", { currency: "xxx" }, "currency"],
    ["a field that there is not", { paid: true }, "paid"],
  ])("lesson 7: %s is refused by its field", async (_, more, path) => {
    const id = await owed();
    const answer = await world.post(`/v1/invoices/${id}/reconcile`, said({ reference: `odd ${path}`, ...more }));
    expect([answer.status, answer.body.errors?.[0].path]).toEqual([422, path]);
    expect(await dueOf(id)).toBe(1_000);
  });

  it("lesson 7: a reference counts once, however many report it at once, for one invoice or for several", async () => {
    const one = await owed();
    const same = await Promise.all(
      Array.from({ length: 12 }, (_, i) =>
        world.post(`/v1/invoices/${one}/reconcile`, said({ reference: i % 2 ? "Race 1" : "RACE1", amount: 400 })),
      ),
    );
    expect(same.map((answer) => answer.status).sort()).toEqual([...Array.from({ length: 11 }, () => 200), 201]);
    expect(new Set(same.map((answer) => answer.body.payment_id)).size).toBe(1);
    expect(await dueOf(one)).toBe(600);
    const several = await Promise.all(Array.from({ length: 6 }, () => owed()));
    const answers = await Promise.all(several.map((id) => world.post(`/v1/invoices/${id}/reconcile`, said({ reference: "race 2" }))));
    expect(answers.map((answer) => answer.status).sort()).toEqual([201, 409, 409, 409, 409, 409]);
    const due = await Promise.all(several.map(dueOf));
    expect(due.filter((amount) => amount === 0)).toHaveLength(1);
    // Of another tenant it is another payment.
    expect((await world.post(`/v1/invoices/${await owed("rival")}/reconcile`, said({ reference: "race 2" }))).status).toBe(201);
  });

  it("lesson 7: unapplied money that is applied by many at once is spent once", async () => {
    const kept = await world.must("POST", "/v1/tenants/acme/unapplied-payments", said({ reference: "pot", amount: 2_500 }));
    const ids = await Promise.all(Array.from({ length: 5 }, () => owed()));
    const answers = await Promise.all(ids.map((invoice) => world.post(`/v1/unapplied-payments/${kept.id}/apply`, { invoice })));
    expect(answers.map((answer) => answer.status).sort()).toEqual([200, 200, 200, 409, 409]);
    const after = await world.must("GET", `/v1/unapplied-payments/${kept.id}`);
    expect([after.left, after.applied]).toEqual([0, 2_500]);
    expect((await Promise.all(ids.map(dueOf))).sort()).toEqual([0, 0, 1_000, 1_000, 500].sort());
    const foreign = await owed("rival");
    const more = await world.must("POST", "/v1/tenants/acme/unapplied-payments", said({ reference: "pot 2" }));
    const answer = await world.post(`/v1/unapplied-payments/${more.id}/apply`, { invoice: foreign });
    expect([answer.status, answer.body.errors[0].path]).toEqual([422, "invoice"]);
  });

  it("lesson 7: a draft and a voided invoice are paid by nothing, a written-off one is", async () => {
    const void_ = await owed();
    await world.must("POST", `/v1/invoices/${void_}/void`, {});
    const draft = await owed("acme", { invoice: "draft" });
    for (const [id, state] of [
      [void_, "void"],
      [draft, "draft"],
    ] as const) {
      const answer = await world.post(`/v1/invoices/${id}/reconcile`, said({ reference: `for ${state}` }));
      expect([answer.status, answer.body.code, answer.body.state]).toEqual([409, "invalid_state", state]);
    }
    const lost = await owed();
    await world.must("POST", `/v1/invoices/${lost}/uncollectible`, {});
    const part = await world.post(`/v1/invoices/${lost}/reconcile`, said({ reference: "late 1", amount: 400 }));
    expect([part.body.invoice.status, part.body.invoice.amount_due]).toEqual(["uncollectible", 600]);
    expect((await world.post(`/v1/invoices/${lost}/reconcile`, said({ reference: "late 2", amount: 600 }))).body.invoice.status).toBe(
      "paid",
    );
  });

  it("lesson 31: an invoice that is paid by transfer brings no credits", async () => {
    const id = await owed("rival");
    const rival = tenantOf(world, "rival");
    await rival.news();
    await world.must("POST", `/v1/invoices/${id}/reconcile`, said({ reference: "no wallet", amount: 1_500 }));
    expect(await rival.news()).toEqual(["payment.succeeded", "invoice.paid"]);
    const credits = await world.must("GET", "/v1/tenants/rival/credits");
    expect(Number(credits.available ?? credits.balance)).toBe(0);
  });
});
