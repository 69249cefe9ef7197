/** Money comes by bank transfer: in two parts, too much, reported twice, and some that nobody can place until later. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createWorld, type World } from "../world.ts";
import { ISSUED, tenantOf } from "./tenant.ts";

const PLAN = {
  key: "pro",
  name: "Pro",
  currency: "inr",
  interval: "month",
  prices: [{ key: "base", type: "flat", amount: 500_000 }],
};

async function sentInvoice(world: World, id: string, body: object = { collection: "send_invoice" }) {
  const clock = await world.clock("2026-01-01T00:00:00Z");
  await world.must("PUT", "/v1/catalog", { plans: [PLAN] });
  await world.must("PUT", `/v1/tenants/${id}`, { name: "Acme Traders", currency: "inr", test_clock: clock.id });
  const tenant = tenantOf(world, id);
  await tenant.start({ plan: "pro", ...body });
  const [invoice] = await tenant.invoices();
  await tenant.news();
  return { clock, tenant, invoice };
}

const neft = (reference: string, amount: number, more: object = {}) => ({
  method: "neft",
  reference,
  amount,
  received_at: "2026-01-01T00:00:00Z",
  ...more,
});

describe("an invoice is paid by bank transfer", () => {
  let world: World;
  let tenant: ReturnType<typeof tenantOf>;
  let url: string;
  let first: string;
  beforeAll(async () => {
    world = await createWorld();
    const sent = await sentInvoice(world, "acme");
    tenant = sent.tenant;
    url = `/v1/invoices/${sent.invoice.id}/reconcile`;
  });
  afterAll(() => world.close());
  const payments = async () => (await world.must("GET", "/v1/tenants/acme/payments")).items;

  it("in two parts: the first leaves the rest due", async () => {
    const answer = await world.post(url, neft("HDFC N0012345", 200_000, { note: "first part" }));
    expect([answer.status, answer.body.invoice.status, answer.body.invoice.amount_paid, answer.body.invoice.amount_due]).toEqual([
      201,
      "open",
      200_000,
      300_000,
    ]);
    expect(answer.body).toMatchObject({ method: "neft", reference: "HDFC N0012345", amount: 200_000, currency: "inr", note: "first part" });
    first = answer.body.payment_id;
    expect(await tenant.news()).toEqual(["payment.succeeded"]);
    expect((await payments()).map((one: Record<string, unknown>) => [one.id, one.gateway, one.status, one.gateway_reference])).toEqual([
      [first, "manual", "succeeded", "HDFC N0012345"],
    ]);
  });

  it("the same reference, however it is typed, is the same payment", async () => {
    const again = await world.post(url, neft(" hdfc n00 12345 ", 200_000));
    expect([again.status, again.body.payment_id, again.body.invoice.amount_due]).toEqual([200, first, 300_000]);
    expect(await tenant.news()).toEqual([]);
  });

  it("the same reference over another amount is refused, and names what it was", async () => {
    const other = await world.post(url, neft("HDFCN0012345", 300_000));
    expect([other.status, other.body.code, other.body.errors[0].path]).toEqual([409, "conflict", "reference"]);
    expect(other.body.payment).toMatch(/^rcpt_/);
    expect(other.body.detail).toContain("INR 2,000.00");
    expect(await tenant.news()).toEqual([]);
  });

  it("too much pays the rest, and what is beyond becomes balance", async () => {
    const answer = await world.post(url, neft("UTR 2", 310_000, { method: "rtgs" }));
    expect([answer.status, answer.body.invoice.status, answer.body.invoice.amount_due]).toEqual([201, "paid", 0]);
    expect(await tenant.news()).toEqual(["payment.succeeded", "invoice.paid"]);
    expect(await tenant.balance()).toBe(10_000);
  });

  it("goes back outside: a refund waits for a person, who confirms it once", async () => {
    const invoice = url.slice(0, -"/reconcile".length);
    const note = await world.must("POST", `${invoice}/refunds`, { amount: 100_000 });
    expect(note.refunds.map((refund: Record<string, unknown>) => [refund.gateway, refund.status, refund.amount])).toEqual([
      ["manual", "pending", 100_000],
    ]);
    expect(await tenant.news()).toEqual(["invoice.credited"]);
    const refund = `/v1/refunds/${note.refunds[0].id}`;
    const done = await world.must("POST", `${refund}/confirm`, { reference: "NEFT out 7" });
    expect([done.status, done.gateway_reference]).toEqual(["succeeded", "NEFT out 7"]);
    expect((await world.must("POST", `${refund}/confirm`, { reference: "NEFT out 8" })).gateway_reference).toBe("NEFT out 7");
    expect(await tenant.news()).toEqual(["payment.refunded"]);
    const late = await world.post(`${refund}/fail`, { reason: "closed" });
    expect([late.status, late.body.code, late.body.state]).toEqual([409, "invalid_state", "succeeded"]);
  });

  it("a refund that could not be made becomes balance", async () => {
    const invoice = url.slice(0, -"/reconcile".length);
    const note = await world.must("POST", `${invoice}/refunds`, { amount: 50_000 });
    await world.must("POST", `/v1/refunds/${note.refunds[0].id}/fail`, { reason: "The account is closed." });
    expect(await tenant.news()).toEqual(["invoice.credited", "payment.refund_failed"]);
    expect(await tenant.balance()).toBe(60_000);
  });

  it("what comes for a paid invoice is balance, too", async () => {
    const answer = await world.post(url, neft("UTR 3", 5_000));
    expect([answer.status, answer.body.invoice.status]).toEqual([201, "paid"]);
    expect(await tenant.balance()).toBe(65_000);
    expect(await tenant.news()).toEqual(["payment.succeeded"]);
  });
});

describe("money that nobody can place", () => {
  let world: World;
  let sent: Awaited<ReturnType<typeof sentInvoice>>;
  let id: string;
  const list = async (query = "") => (await world.must("GET", `/v1/tenants/acme/unapplied-payments${query}`)).items;
  const step = (name: string, body: object) => world.post(`/v1/unapplied-payments/${id}/${name}`, body);
  beforeAll(async () => {
    world = await createWorld();
    sent = await sentInvoice(world, "acme");
  });
  afterAll(() => world.close());

  it("is kept, visible here and among the payments", async () => {
    const kept = await world.post("/v1/tenants/acme/unapplied-payments", neft("CHQ 4711", 900_000, { method: "cheque" }));
    expect([kept.status, kept.body.left, kept.body.currency]).toEqual([201, 900_000, "inr"]);
    id = kept.body.id;
    const again = await world.post("/v1/tenants/acme/unapplied-payments", neft("chq4711", 900_000, { method: "cheque" }));
    expect([again.status, again.body.id]).toEqual([200, id]);
    expect((await list()).map((one: { id: string }) => one.id)).toEqual([id]);
    const [shown] = (await world.must("GET", "/v1/tenants/acme/payments")).items;
    expect([shown.id, shown.status, shown.amount, shown.invoice_id]).toEqual([id, "unapplied", 900_000, null]);
    expect(await sent.tenant.news()).toEqual(["payment.unapplied"]);
  });

  it("its reference is taken: it cannot pay an invoice again as if it were new", async () => {
    const answer = await world.post(`/v1/invoices/${sent.invoice.id}/reconcile`, neft("CHQ-4711".replace("-", ""), 900_000));
    expect([answer.status, answer.body.code, answer.body.payment]).toEqual([409, "conflict", id]);
  });

  it("is applied in parts, never more than is left or due", async () => {
    expect((await step("apply", { invoice: sent.invoice.id, amount: 900_001 })).status).toBe(422);
    expect((await step("apply", { invoice: sent.invoice.id, amount: 500_001 })).body.errors[0].path).toBe("amount");
    const part = await step("apply", { invoice: sent.invoice.id, amount: 100_000 });
    expect([part.status, part.body.left, part.body.applied]).toEqual([200, 800_000, 100_000]);
    expect(await sent.tenant.news()).toEqual(["payment.succeeded"]);
    const rest = await step("apply", { invoice: sent.invoice.id });
    expect([rest.body.left, rest.body.applied]).toEqual([400_000, 500_000]);
    expect(await sent.tenant.news()).toEqual(["payment.succeeded", "invoice.paid"]);
    const paid = await step("apply", { invoice: sent.invoice.id });
    expect([paid.status, paid.body.code, paid.body.state]).toEqual([409, "invalid_state", "paid"]);
  });

  it("what is left becomes balance or goes back, and nothing is left then", async () => {
    expect((await step("balance", { amount: 150_000 })).body).toMatchObject({ left: 250_000, to_balance: 150_000 });
    expect(await sent.tenant.balance()).toBe(150_000);
    const back = await step("return", { note: "asked for it" });
    expect(back.body).toMatchObject({ left: 0, applied: 500_000, to_balance: 150_000, returned: 250_000 });
    expect(await sent.tenant.news()).toEqual(["payment.kept", "payment.returned"]);
    expect((await step("return", {})).body.state).toBe("used_up");
    expect(await list("?status=open")).toEqual([]);
    expect((await list())[0].uses.map((use: { kind: string; amount: number }) => [use.kind, use.amount])).toEqual([
      ["applied", 100_000],
      ["applied", 400_000],
      ["balance", 150_000],
      ["returned", 250_000],
    ]);
    const { items } = await world.must("GET", "/v1/tenants/acme/payments");
    expect(items.map((one: { status: string }) => one.status)).toEqual(["succeeded", "succeeded"]);
  });

  it("the next invoice uses that balance up first", async () => {
    await sent.clock.to("2026-02-01T00:00:00Z");
    expect(await sent.tenant.news()).toEqual([...ISSUED, "subscription.renewed"]);
    const invoices = await sent.tenant.invoices();
    expect(invoices.at(-1)).toMatchObject({ balance_applied: 150_000, amount_due: 350_000 });
  });
});

describe("a card that fails, and the bank", () => {
  it("a transfer lessens what is tried of the card again, and the rest by transfer brings the subscription back at once", async () => {
    const world = await createWorld();
    try {
      const clock = await world.clock("2026-01-01T00:00:00Z");
      await world.must("PUT", "/v1/catalog", { plans: [PLAN] });
      await world.must("PUT", "/v1/tenants/acme", { currency: "inr", test_clock: clock.id });
      await world.must("POST", "/v1/tenants/acme/payment-methods/setup-intent", { token: "tok_declined" });
      const tenant = tenantOf(world, "acme");
      await tenant.start({ plan: "pro" });
      await clock.to("2026-01-01T12:00:00Z");
      expect((await tenant.subscription()).status).toBe("past_due");
      const [invoice] = await tenant.invoices();
      await tenant.news();
      await world.must("POST", `/v1/invoices/${invoice.id}/reconcile`, neft("part", 100_000));
      expect(await tenant.news()).toEqual(["payment.succeeded"]);
      await clock.to("2026-01-02T12:00:00Z");
      expect(await tenant.news()).toEqual(["payment.failed", "invoice.payment_failed"]);
      const { items } = await world.must("GET", "/v1/tenants/acme/payments");
      expect([items[0].status, items[0].amount]).toEqual(["failed", 400_000]);
      await world.must("POST", `/v1/invoices/${invoice.id}/reconcile`, neft("rest", 400_000));
      expect(await tenant.news()).toEqual(["payment.succeeded", "invoice.paid", "subscription.updated"]);
      expect((await tenant.subscription()).status).toBe("active");
      await clock.to("2026-01-20T00:00:00Z");
      expect(await tenant.news()).toEqual([]);
    } finally {
      await world.close();
    }
  });

  it("an attempt that is queued over more than is left is asked for again over the rest", async () => {
    const world = await createWorld();
    try {
      await world.must("PUT", "/v1/catalog", { plans: [PLAN] });
      // On the system's clock and without a worker: what is requested stays so.
      await world.must("PUT", "/v1/tenants/acme", { currency: "inr" });
      const tenant = tenantOf(world, "acme");
      await tenant.start({ plan: "pro" });
      const [invoice] = await tenant.invoices();
      await world.must("POST", `/v1/invoices/${invoice.id}/reconcile`, neft("part", 100_000));
      const { items } = await world.must("GET", "/v1/tenants/acme/payments");
      expect(items.map((one: Record<string, unknown>) => [one.status, one.amount, one.code]).sort()).toEqual(
        [
          ["failed", 500_000, "paid_outside"],
          ["requested", 400_000, null],
          ["succeeded", 100_000, null],
        ].sort(),
      );
      await world.must("POST", `/v1/invoices/${invoice.id}/reconcile`, neft("rest", 400_000));
      const after = (await world.must("GET", "/v1/tenants/acme/payments")).items;
      expect(after.filter((one: { status: string }) => one.status === "requested")).toEqual([]);
      expect((await tenant.invoices())[0]).toMatchObject({ status: "paid", amount_paid: 500_000 });
    } finally {
      await world.close();
    }
  });

  it("comes by whatever way it does: NEFT, RTGS, cheque, wire, through Zoho Books or otherwise; by no other word", async () => {
    const world = await createWorld();
    try {
      await world.must("PUT", "/v1/tenants/acme", { currency: "inr" });
      const item = { description: "Work", amount: 600, invoice: "own", collection: "send_invoice" };
      const { invoice_id: id } = await world.must("POST", "/v1/tenants/acme/invoice-items", item);
      const methods = ["neft", "rtgs", "cheque", "wire", "zoho", "other"];
      for (const [index, method] of methods.entries()) {
        const answer = await world.must("POST", `/v1/invoices/${id}/reconcile`, neft(`ref-${method}`, 100, { method }));
        expect(answer).toMatchObject({ method, invoice: { amount_due: 500 - 100 * index } });
      }
      expect(await world.must("GET", `/v1/invoices/${id}`)).toMatchObject({ status: "paid", amount_paid: 600 });
      const wrong = await world.post(`/v1/invoices/${id}/reconcile`, neft("upi", 100, { method: "upi" }));
      expect([wrong.status, wrong.body.errors[0].path]).toEqual([422, "method"]);
    } finally {
      await world.close();
    }
  });
});
