/** A bank's statement is read in: what it proposes, what the operator makes of it, and that nothing counts twice. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readPdf } from "../pdf-reader.ts";
import { createWorld, TEST_KEY, type World } from "../world.ts";
import { tenantOf } from "./tenant.ts";

const BANK = "Account: 50100012345\nIFSC: HDFC0000001";

describe("a bank's statement", () => {
  let world: World;
  let statement: string;
  const tenants = ["acme", "globex"] as const;
  const invoices: Record<string, { id: string; number: string }> = {};
  const csv = () =>
    [
      "Date,Narration,Ref No,Withdrawal,Deposit",
      `01/02/2026,"NEFT CR ${invoices.acme!.number} ACME",N001,,"5,000.00"`,
      '02/02/2026,"RTGS GLOBEX TRADING",R001,,"4,000.00"',
      '02/02/2026,"somebody",,,"123.45"',
      '03/02/2026,"INTEREST",,,"1.00"',
      '03/02/2026,"RENT",,"9,000.00",',
    ].join("\n");
  const send = (text: string | Buffer, query = "?currency=inr&name=february") =>
    world.billing.app.inject({
      method: "POST",
      url: `/v1/bank-statements${query}`,
      headers: { authorization: `Bearer ${TEST_KEY}`, "content-type": "text/csv" },
      payload: text,
    });
  const rows = async (query = "") => (await world.must("GET", `/v1/bank-statements/${statement}${query}`)).items;
  const step = (line: number, name: string, body: object = {}) => world.post(`/v1/bank-statements/${statement}/rows/${line}/${name}`, body);

  beforeAll(async () => {
    world = await createWorld({
      config: { seller: { name: "Seller", address: null, country: "IN", region: null, taxId: null, bankDetails: BANK } },
    });
    for (const [id, name, amount] of [
      [tenants[0], "Acme Traders", 500_000],
      [tenants[1], "Globex Trading", 400_000],
    ] as const) {
      await world.must("PUT", `/v1/tenants/${id}`, { name, currency: "inr" });
      const body = { description: "Work", amount, invoice: "own", collection: "send_invoice" };
      const { invoice_id } = await world.must("POST", `/v1/tenants/${id}/invoice-items`, body);
      invoices[id] = await world.must("GET", `/v1/invoices/${invoice_id}`);
    }
  });
  afterAll(() => world.close());

  it("the invoice says where the money goes, and under which reference", async () => {
    const invoice = await world.must("GET", `/v1/invoices/${invoices.acme!.id}`);
    const { hosted_url, pdf_url, number } = invoice as Record<string, string>;
    expect(invoice.bank_transfer).toEqual({ lines: expect.arrayContaining(["IFSC: HDFC0000001"]), reference: number });
    const page = await world.get(new URL(hosted_url!).pathname);
    expect(page.text).toContain("IFSC: HDFC0000001");
    expect(page.text).toContain(`Payment reference: ${number}`);
    const file = await world.billing.app.inject({ method: "GET", url: new URL(pdf_url!).pathname });
    const text = readPdf(file.rawPayload)
      .map((page) => page.text)
      .join("\n");
    expect(text).toContain("Account: 50100012345");
    expect(text).toContain(`Payment reference: ${number}`);
  });

  it("is read in, with what each credit may pay", async () => {
    const answer = await send(csv());
    expect(answer.statusCode).toBe(201);
    expect(answer.json()).toMatchObject({ name: "february", rows: 5, credits: 4, known: 0 });
    statement = answer.json().id;
    expect(
      (await rows()).map((row: { row: number; amount: number; matches: object[] }) => [row.row, row.amount, row.matches]),
    ).toMatchObject([
      [2, 500_000, [{ invoice: invoices.acme!.id, confidence: "high", why: ["number", "amount", "tenant_id"] }]],
      [3, 400_000, [{ invoice: invoices.globex!.id, confidence: "medium", why: ["amount", "tenant_name", "tenant_id"] }]],
      [4, 12_345, []],
      [5, 100, []],
    ]);
  });

  it("the same rows in another statement are known, and not stored again", async () => {
    const answer = await world.must("POST", "/v1/bank-statements", {
      csv: `${csv()}\n04/02/2026,"new",,,"7.00"`,
      mapping: { currency: "inr" },
    });
    expect(answer).toMatchObject({ name: null, credits: 5, known: 4 });
    const { items } = await world.must("GET", `/v1/bank-statements/${answer.id}`);
    expect(items.map((row: { row: number }) => row.row)).toEqual([7]);
  });

  it("a likely row is accepted as it is proposed, once", async () => {
    const acme = tenantOf(world, "acme");
    await acme.news();
    const accepted = await step(2, "accept");
    expect([accepted.status, accepted.body.status, accepted.body.tenant_id]).toEqual([200, "accepted", "acme"]);
    expect(await acme.news()).toEqual(["payment.succeeded", "invoice.paid"]);
    const [payment] = (await world.must("GET", "/v1/tenants/acme/payments")).items;
    expect([payment.gateway, payment.gateway_reference, payment.amount_received]).toEqual(["manual", "N001", 500_000]);
    expect((await step(2, "accept")).body.payment).toBe(accepted.body.payment);
    expect((await step(2, "accept", { invoice: invoices.globex!.id })).body.code).toBe("conflict");
    expect((await step(2, "ignore")).body.code).toBe("invalid_state");
    // The operator reports by hand what the statement has brought already.
    const body = { method: "neft", reference: "n001", amount: 500_000, received_at: "2026-02-01T00:00:00Z" };
    expect((await world.post(`/v1/invoices/${invoices.acme!.id}/reconcile`, body)).status).toBe(200);
    expect(await acme.news()).toEqual([]);
  });

  it("accepted five times at once it pays once", async () => {
    const answers = await Promise.all(Array.from({ length: 5 }, () => step(3, "accept", { invoice: invoices.globex!.id })));
    expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200, 200, 200]);
    expect((await world.must("GET", `/v1/invoices/${invoices.globex!.id}`)).amount_paid).toBe(400_000);
    expect((await world.must("GET", "/v1/tenants/globex/payments")).items).toHaveLength(1);
  });

  it("what fits no invoice is a tenant's that is named, or is set aside", async () => {
    const unsaid = await step(4, "accept");
    expect([unsaid.status, unsaid.body.errors[0].path]).toEqual([422, "invoice"]);
    expect((await step(4, "accept", { tenant: "globex" })).body).toMatchObject({ status: "accepted", tenant_id: "globex" });
    const [kept] = (await world.must("GET", "/v1/tenants/globex/unapplied-payments")).items;
    expect([kept.left, kept.reference.slice(0, 20)]).toEqual([12_345, "STATEMENT-2026-02-02"]);
    expect((await step(5, "ignore")).body.status).toBe("ignored");
    expect((await step(5, "accept", { tenant: "globex" })).body).toMatchObject({ code: "invalid_state", state: "ignored" });
    expect(await rows("?status=open")).toEqual([]);
    expect((await step(99, "ignore")).status).toBe(404);
  });

  it("pages through its rows", async () => {
    const first = await world.must("GET", `/v1/bank-statements/${statement}?limit=3`);
    const second = await world.must("GET", `/v1/bank-statements/${statement}?limit=3&cursor=${first.next_cursor}`);
    expect([...first.items, ...second.items].map((row: { row: number }) => row.row)).toEqual([2, 3, 4, 5]);
    expect(second.next_cursor).toBeNull();
  });

  it("what cannot be read is refused by its line, and nothing of it is stored", async () => {
    const count = async () => (await world.owner.query("select count(*)::int as n from bank_statement_rows")).rows[0].n;
    const before = await count();
    for (const [text, detail] of [
      ["Date,Credit\n2026-01-01,5\n2026-01-02,=1+1\n", "line 3 has a formula"],
      [Buffer.from("Date,Narration,Credit\n2026-01-01,M\xfcller,5\n", "latin1"), "line 2 is not UTF-8"],
    ] as const) {
      const answer = await send(text);
      expect([answer.statusCode, answer.json().errors[0].path]).toEqual([422, "csv"]);
      expect(answer.json().detail).toContain(detail);
    }
    expect(await count()).toBe(before);
    expect((await world.call("PUT", "/v1/tenants/acme", "a,b", { "content-type": "text/csv" })).status).toBe(415);
  });

  it("an invoice that is paid asks for no transfer any more", async () => {
    const { hosted_url } = await world.must("GET", `/v1/invoices/${invoices.acme!.id}`);
    expect((await world.get(new URL(hosted_url).pathname)).text).not.toContain("IFSC");
  });
});
