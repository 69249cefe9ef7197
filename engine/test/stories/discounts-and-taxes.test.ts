/** Coupons come off, taxes go on, and what is previewed is what is billed. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { verifyBooks } from "../../src/cli/verify/books.ts";
import { createWorld, type World } from "../world.ts";

const CATALOG = {
  plans: [
    {
      key: "pro",
      name: "Pro",
      currency: "usd",
      interval: "month",
      prices: [
        { key: "base", type: "flat", amount: 1000 },
        { key: "seats", type: "seat", unit_amount: "333" },
      ],
    },
  ],
  coupons: [
    { key: "welcome", name: "Welcome", percent_off: 10, duration: "periods", periods: 2 },
    { key: "gift", name: "Gift", amount_off: 1500, currency: "usd", duration: "once" },
    { key: "seats_only", percent_off: "50", duration: "forever", prices: ["seats"] },
  ],
  tax_rates: [
    { key: "vat_de", name: "MwSt", kind: "vat", country: "DE", percent: 19 },
    { key: "vat_fr", name: "TVA", kind: "vat", country: "FR", percent: 20, inclusive: true },
    { key: "gst", kind: "gst", country: "IN", percent: "18" },
  ],
};

describe("discounts and taxes", () => {
  let world: World;
  let clock: Awaited<ReturnType<World["clock"]>>;
  beforeAll(async () => {
    world = await createWorld({
      config: { seller: { name: "Seller", address: null, country: "IN", region: "Karnataka", taxId: null } },
    });
    clock = await world.clock("2026-01-01T00:00:00Z");
    await world.must("PUT", "/v1/catalog", CATALOG);
  });
  afterAll(() => world.close());

  const tenant = (id: string, fields: Record<string, unknown>) =>
    world.must("PUT", `/v1/tenants/${id}`, { currency: "usd", test_clock: clock.id, ...fields });
  const invoices = async (id: string) => (await world.must("GET", `/v1/tenants/${id}/invoices`)).items.reverse();

  it("the catalog round-trips, and a wrong coupon or rate is named at its place", async () => {
    const { coupons, tax_rates } = await world.must("GET", "/v1/catalog");
    expect({ coupons, tax_rates }).toEqual({ coupons: CATALOG.coupons, tax_rates: CATALOG.tax_rates });
    expect(
      (await world.must("PUT", "/v1/catalog?dry_run=true", CATALOG)).changes.every((one: { action: string }) => one.action === "none"),
    ).toBe(true);
    const wrong = await world.put("/v1/catalog?dry_run=true", {
      coupons: [
        { key: "both", percent_off: 10, amount_off: 5, currency: "usd" },
        { key: "for_n", percent_off: 10, duration: "periods" },
        { key: "plan", percent_off: 10, plans: ["none"] },
      ],
      tax_rates: [...CATALOG.tax_rates, { key: "twice", kind: "vat", country: "DE", percent: 7 }],
    });
    expect(wrong.body.errors.map((fault: { path: string }) => fault.path)).toEqual([
      "coupons[0].percent_off",
      "coupons[1].periods",
      "coupons[2].plans[0]",
      "tax_rates[3]",
    ]);
  });

  it("a coupon of the subscription and GST of another state: lines, discount, tax, in this order", async () => {
    await tenant("mumbai", { name: "Mumbai", address: { country: "IN", state: "Maharashtra" } });
    const refused = await world.post("/v1/tenants/mumbai/subscription", { plan: "pro", coupon: "nothing" });
    expect([refused.status, refused.body.errors[0].path]).toEqual([422, "coupon"]);
    await world.must("POST", "/v1/tenants/mumbai/subscription", { plan: "pro", seats: 2, coupon: "welcome" });
    const [first] = await invoices("mumbai");
    // 1666 − 167 (10 %, rounded once over both lines) = 1499; IGST on 900 and 599: 162 + 108.
    expect(first).toMatchObject({
      subtotal: 1666,
      discount: 167,
      tax: 270,
      tax_included: 0,
      total: 1769,
      tax_status: "taxed",
      place_of_supply: "IN-27",
    });
    expect(first.lines.map((line: { discount: number; tax: number }) => [line.discount, line.tax])).toEqual([
      [100, 162],
      [67, 108],
    ]);
    expect(first.taxes).toEqual([{ key: "gst", name: "IGST", kind: "igst", percent: "18", inclusive: false, taxable: 1499, amount: 270 }]);
    expect(first.bill_to).toMatchObject({ name: "Mumbai", address: { country: "IN", state: "Maharashtra" } });
  });

  it("two periods and no third; the preview of each is its invoice", async () => {
    const preview = await world.must("POST", "/v1/tenants/mumbai/upcoming-invoice", {});
    await clock.to("2026-02-01T00:00:00Z");
    const second = (await invoices("mumbai"))[1];
    const bare = (lines: object[]) => lines.map((line) => ({ ...line, id: null }));
    expect([second.total, bare(second.lines), second.taxes]).toEqual([preview.total, preview.lines, preview.taxes]);
    expect(second).toMatchObject({ discount: 167, total: 1769 });
    const third = await world.must("POST", "/v1/tenants/mumbai/upcoming-invoice", {});
    expect(third).toMatchObject({ discount: 0, tax: 300, total: 1966 });
    await clock.to("2026-03-01T00:00:00Z");
    expect((await invoices("mumbai"))[2]).toMatchObject({ discount: 0, tax: 300, total: 1966 });
    expect((await world.must("GET", "/v1/tenants/mumbai/discounts")).items).toMatchObject([
      { coupon: "welcome", uses: 2, used: 334, active: false },
    ]);
  });

  it("within the seller's state half goes to the Union and half to the state, each rounded on each line", async () => {
    await tenant("bengaluru", { address: { country: "IN", state: "KA" } });
    await world.must("POST", "/v1/tenants/bengaluru/subscription", { plan: "pro", seats: 1 });
    const [invoice] = await invoices("bengaluru");
    expect(invoice.taxes.map((tax: { name: string; percent: string; amount: number }) => [tax.name, tax.percent, tax.amount])).toEqual([
      ["CGST", "9", 120],
      ["SGST", "9", 120],
    ]);
    expect(invoice.total).toBe(1333 + 240);
  });

  it("prices that contain the tax, reverse charge, and who is exempt", async () => {
    await tenant("lyon", { address: { country: "FR" } });
    await tenant("paris", { address: { country: "FR" }, tax_id: "FR12345678901" });
    await tenant("berlin", { address: { country: "DE" }, tax_exempt: true });
    for (const id of ["lyon", "paris", "berlin"]) await world.must("POST", `/v1/tenants/${id}/subscription`, { plan: "pro", seats: 0 });
    const all = await Promise.all(["lyon", "paris", "berlin"].map(async (id) => (await invoices(id))[0]));
    expect(all.map(({ subtotal, tax, tax_included, total, tax_status }) => [subtotal, tax, tax_included, total, tax_status])).toEqual([
      [1000, 167, 167, 1000, "taxed"],
      [1000, 0, 0, 1000, "reverse_charge"],
      [1000, 0, 0, 1000, "exempt"],
    ]);
  });

  it("a fixed coupon is worth its amount once, over as many invoices as it takes, and a voided one gives it back", async () => {
    await tenant("thrifty", {});
    await world.must("POST", "/v1/tenants/thrifty/discounts", { coupon: "gift" });
    const twice = await world.post("/v1/tenants/thrifty/discounts", { coupon: "gift" });
    expect([twice.status, twice.body.code]).toEqual([409, "conflict"]);
    await world.must("PUT", "/v1/tenants/thrifty", { tax_exempt: true });
    await world.must("POST", "/v1/tenants/thrifty/subscription", { plan: "pro", seats: 0 });
    const [first] = await invoices("thrifty");
    expect(first).toMatchObject({ discount: 1000, total: 0, status: "paid" });
    expect(await world.must("POST", "/v1/tenants/thrifty/upcoming-invoice", {})).toMatchObject({ discount: 500, total: 500 });
    await clock.to("2026-04-01T00:00:00Z");
    const second = (await invoices("thrifty"))[1];
    expect(second).toMatchObject({ discount: 500, total: 500 });
    expect(await world.must("POST", "/v1/tenants/thrifty/upcoming-invoice", {})).toMatchObject({ discount: 0 });
  });

  it("leaves books that are right", async () => {
    const verdicts = await verifyBooks(world.billing.ctx.pool, { tenantId: null, usage: "all", limit: 20 }, () => undefined);
    expect(verdicts.filter(({ wrong }) => wrong > 0)).toEqual([]);
  });

  it("is not used up twice by invoices that are made at once (lesson 29)", async () => {
    const ids = ["c1", "c2", "c3"];
    for (const id of ids) {
      await tenant(id, { tax_exempt: true });
      await world.must("POST", `/v1/tenants/${id}/discounts`, { coupon: "gift" });
    }
    await Promise.all(
      ids.flatMap((id) =>
        Array.from({ length: 6 }, (_, i) =>
          world.post(`/v1/tenants/${id}/invoice-items`, { description: `Work ${i}`, amount: 400, invoice: "own" }),
        ),
      ),
    );
    for (const id of ids) {
      const made = await invoices(id);
      expect(made).toHaveLength(6);
      expect(made.reduce((sum: number, invoice: { discount: number }) => sum + invoice.discount, 0)).toBe(1500);
    }
  });
});
