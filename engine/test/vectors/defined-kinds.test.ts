/** Kinds of other engines that the files define and give no case of: each is told here as its definition says, over the API. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { tenantOf } from "../stories/tenant.ts";
import { createWorld, type World } from "../world.ts";
import { DEFINED_KINDS, loadVectors } from "./vectors.ts";

describe("kinds without a case", () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld();
    await world.must("PUT", "/v1/catalog", {
      tax_rates: [{ key: "vat", kind: "vat", country: "DE", percent: 19 }],
      plans: [
        ["small", "month", 3_000],
        ["large", "month", 9_000],
        ["year", "year", 36_500],
      ].map(([key, interval, amount]) => ({ key, name: key, currency: "usd", interval, prices: [{ key: "base", type: "flat", amount }] })),
    });
  });
  afterAll(() => world.close());

  test("none of them has a case meanwhile", () => {
    expect((loadVectors() ?? []).filter((vector) => DEFINED_KINDS.has(vector.kind))).toEqual([]);
  });

  test("credit_note.application: after tax, limited by what is left of the invoice", async () => {
    await world.must("PUT", "/v1/tenants/notes", { currency: "usd", address: { country: "DE" } });
    const acme = tenantOf(world, "notes");
    const own = async (amount: number) =>
      (await world.must("POST", `${acme.url}/invoice-items`, { description: "Work", amount, invoice: "own" })).invoice_id;
    const first = await own(1_000);
    await world.must("POST", `/v1/invoices/${first}/pay`, {});
    for (const amount of [500, 300]) await world.must("POST", `/v1/invoices/${first}/credit-notes`, { amount, settle: "balance" });
    expect(await world.must("GET", `/v1/invoices/${await own(500)}`)).toMatchObject({
      tax: 95,
      total: 595,
      balance_applied: 595,
      amount_due: 0,
    });
    expect(await world.must("GET", `/v1/invoices/${await own(500)}`)).toMatchObject({
      tax: 95,
      total: 595,
      balance_applied: 205,
      amount_due: 390,
    });
    expect(await acme.balance()).toBe(0);
  });

  test("repair_capped_by_adjustment: unused time gives back no more than what is left of the line", async () => {
    const clock = await world.clock("2026-04-01T00:00:00Z");
    await world.must("PUT", "/v1/tenants/repair", { currency: "usd", test_clock: clock.id });
    const acme = tenantOf(world, "repair");
    await acme.start({ plan: "small" });
    await clock.to("2026-04-11T00:00:00Z");
    const [invoice] = await acme.invoices();
    await world.must("POST", `/v1/invoices/${invoice.id}/credit-notes`, { amount: 2_500, settle: "refund" });
    // Two thirds are unused: 2,000 of 3,000, and 2,500 are given back already.
    await acme.step("cancel", { when: "now", refund_unused: true });
    expect(await acme.invoices()).toMatchObject([{ amount_credited: 2_500 }]);
    expect(await acme.balance()).toBe(0);
  });

  test("upgrade_credit: a change that comes to less than nothing is balance, and the next invoice uses it", async () => {
    const clock = await world.clock("2026-04-01T00:00:00Z");
    await world.must("PUT", "/v1/tenants/upgrade", { currency: "usd", test_clock: clock.id });
    const acme = tenantOf(world, "upgrade");
    await acme.start({ plan: "year" });
    await clock.to("2026-04-11T00:00:00Z");
    // 355 of 365 days at 1.00 a day are given back, a month of the larger plan is sold.
    await acme.step("plan", { plan: "large", when: "now" });
    expect((await acme.invoices()).at(-1)).toMatchObject({ total: 9_000 - 35_500, amount_due: 0, status: "paid" });
    expect(await acme.balance()).toBe(26_500);
    await clock.to("2026-05-11T00:00:00Z");
    expect((await acme.invoices()).at(-1)).toMatchObject({ total: 9_000, balance_applied: 9_000, amount_due: 0 });
    expect(await acme.balance()).toBe(17_500);
  });
});
