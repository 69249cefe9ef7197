/** Something is billed once: on the next invoice, on one of its own, or on a draft that is looked at first. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createWorld, type World } from "../world.ts";

describe("one-off lines", () => {
  let world: World;
  let clock: Awaited<ReturnType<World["clock"]>>;
  beforeAll(async () => {
    world = await createWorld();
    clock = await world.clock("2026-01-01T00:00:00Z");
    await world.must("PUT", "/v1/catalog", {
      plans: [{ key: "pro", name: "Pro", currency: "usd", interval: "month", prices: [{ key: "base", type: "flat", amount: 1000 }] }],
    });
    await world.must("PUT", "/v1/tenants/acme", { currency: "usd", test_clock: clock.id });
    await world.must("POST", "/v1/tenants/acme/subscription", { plan: "pro" });
  });
  afterAll(() => world.close());

  const item = (body: Record<string, unknown>) => world.post("/v1/tenants/acme/invoice-items", { description: "Work", ...body });
  const invoices = async () => (await world.must("GET", "/v1/tenants/acme/invoices")).items;

  it("waits for the next invoice, is seen in its preview, and is billed once", async () => {
    const made = await item({ quantity: "2.5", unit_amount: "101" });
    expect([made.status, made.body.amount, made.body.invoice_id]).toEqual([201, 253, null]);
    const dropped = await item({ amount: 9 });
    await world.must("DELETE", `/v1/tenants/acme/invoice-items/${dropped.body.id}`);
    expect(await world.must("POST", "/v1/tenants/acme/upcoming-invoice", {})).toMatchObject({ total: 1253 });
    await clock.to("2026-03-01T00:00:00Z");
    const [march, february] = await invoices();
    expect([february.total, march.total]).toEqual([1253, 1000]);
    expect(february.lines.at(-1)).toMatchObject({ kind: "item", description: "Work", quantity: 2.5, unit_amount: "101", amount: 253 });
    expect((await world.must("GET", "/v1/tenants/acme/invoice-items")).items).toEqual([]);
    const gone = await world.call("DELETE", `/v1/tenants/acme/invoice-items/${made.body.id}`);
    expect(gone.status).toBe(404);
  });

  it("is given back where it is below zero: the rest becomes balance", async () => {
    await item({ amount: -1500 });
    await clock.to("2026-04-01T00:00:00Z");
    expect((await invoices())[0]).toMatchObject({ total: -500, status: "paid", amount_due: 0 });
    await clock.to("2026-05-01T00:00:00Z");
    expect((await invoices())[0]).toMatchObject({ total: 1000, balance_applied: 500, amount_paid: 500, status: "paid" });
  });

  it("is a draft without a number until it is finalized; a draft cannot be paid", async () => {
    const { invoice_id: id } = (await item({ amount: 700, invoice: "draft" })).body;
    expect(await world.must("GET", `/v1/invoices/${id}`)).toMatchObject({ status: "draft", number: null, total: 700, issued_at: null });
    const paid = await world.post(`/v1/invoices/${id}/pay`, {});
    expect([paid.status, paid.body.state]).toEqual([409, "draft"]);
    const issued = await world.must("POST", `/v1/invoices/${id}/finalize`, {});
    expect(issued).toMatchObject({ id, status: "open", number: "INV-2026-000006", amount_due: 700, issued_at: "2026-05-01T00:00:00Z" });
    const again = await world.post(`/v1/invoices/${id}/finalize`, {});
    expect([again.status, again.body.code]).toEqual([409, "invalid_state"]);
    const half = await world.must("POST", `/v1/invoices/${id}/pay`, { amount: 700 });
    expect(half).toMatchObject({ status: "paid", amount_paid: 700 });
  });

  it("is paid in parts", async () => {
    await item({ amount: 900, invoice: "own", collection: "send_invoice" });
    const [open] = await invoices();
    expect(open).toMatchObject({ status: "open", amount_due: 900 });
    expect(await world.must("POST", `/v1/invoices/${open.id}/pay`, { amount: 300 })).toMatchObject({
      status: "open",
      amount_paid: 300,
      amount_due: 600,
    });
    const more = await world.post(`/v1/invoices/${open.id}/pay`, { amount: 601 });
    expect([more.status, more.body.errors[0].path]).toEqual([422, "amount"]);
    const voided = await world.post(`/v1/invoices/${open.id}/void`, {});
    expect(voided.status).toBe(409);
    expect(await world.must("POST", `/v1/invoices/${open.id}/pay`, {})).toMatchObject({ status: "paid", amount_paid: 900, amount_due: 0 });
  });

  it.each([
    [{}, "amount"],
    [{ amount: 1, unit_amount: "1" }, "amount"],
    [{ amount: 1, quantity: 2 }, "quantity"],
    [{ amount: 1, period_start: "2026-01-02T00:00:00Z" }, "period_end"],
  ])("refuses %j", async (body, path) => {
    const answer = await item(body);
    expect([answer.status, answer.body.errors[0].path]).toEqual([422, path]);
  });
});
