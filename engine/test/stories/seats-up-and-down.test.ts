/** People come and go: seats are charged and given back for the time that they are there. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createWorld, type World } from "../world.ts";
import { COLLECTED, ISSUED, linesOf, SETTLED, tenantOf } from "./tenant.ts";

const team = (key: string, more: object = {}) => ({
  key,
  name: key,
  currency: "usd",
  interval: "month",
  prices: [
    { key: "base", type: "flat", amount: 5_000 },
    { key: "seats", type: "seat", unit_amount: "1000", included: 3 },
  ],
  ...more,
});

describe("seats up and down", () => {
  let world: World;
  let clock: Awaited<ReturnType<World["clock"]>>;

  beforeAll(async () => {
    world = await createWorld();
    await world.must("PUT", "/v1/catalog", {
      plans: [team("team"), team("patient", { seat_decrease: "period_end" }), team("daily", { proration_unit: "day" })],
    });
  });
  afterAll(() => world.close());

  async function newcomer(id: string, plan: string, seats: number) {
    clock = await world.clock("2026-04-01T00:00:00Z");
    await world.must("PUT", `/v1/tenants/${id}`, { currency: "usd", test_clock: clock.id });
    const tenant = tenantOf(world, id);
    await tenant.start({ plan, seats });
    await clock.to("2026-04-11T00:00:00Z");
    await tenant.news();
    return tenant;
  }

  it("more are charged for the rest of the period, fewer given back to the balance, which the next invoice uses", async () => {
    const acme = await newcomer("acme", "team", 5);
    expect((await acme.patch({ seats: 8 })).body).toMatchObject({ seats: 8, status: "active" });
    expect(linesOf((await acme.invoices()).at(-1))).toEqual([
      ["credit", "seats", -1_333],
      ["seat", "seats", 3_333],
    ]);
    await clock.to("2026-04-21T00:00:00Z");
    expect(await acme.news()).toEqual(["subscription.updated", ...ISSUED, ...COLLECTED]);
    await acme.patch({ seats: 4 });
    const back = (await acme.invoices()).at(-1);
    expect(back).toMatchObject({ reason: "change", status: "paid", total: -1_333, amount_due: 0 });
    expect(await acme.news()).toEqual(["subscription.updated", ...SETTLED]);
    expect(await acme.balance()).toBe(1_333);
    await clock.to("2026-05-01T00:00:00Z");
    expect((await acme.invoices()).at(-1)).toMatchObject({ total: 6_000, balance_applied: 1_333, amount_due: 0, amount_paid: 4_667 });
    expect(await acme.balance()).toBe(0);
    expect(await acme.news()).toEqual([...ISSUED, "subscription.renewed", ...COLLECTED]);
  });

  it("lesson 19: up, down and up again costs what the time used costs, and mints nothing", async () => {
    const swing = await newcomer("swing", "team", 5);
    for (const seats of [50, 5, 50, 5]) await swing.patch({ seats });
    const totals = (await swing.invoices()).map((invoice) => invoice.total);
    expect(totals.reduce((sum, total) => sum + total, 0)).toBe(7_000);
    // A day of 50 seats: 45 more than before, a thirtieth of the month.
    await swing.patch({ seats: 50 });
    await clock.to("2026-04-12T00:00:00Z");
    await swing.patch({ seats: 5 });
    const invoices = await swing.invoices();
    expect(invoices.reduce((sum, invoice) => sum + invoice.total, 0)).toBe(7_000 + 1_500);
    const paid = invoices.reduce((sum, invoice) => sum + invoice.amount_paid, 0);
    const due = invoices.reduce((sum, invoice) => sum + invoice.amount_due, 0);
    expect(paid + due - (await swing.balance())).toBe(8_500);
  });

  it("within what is included costs nothing and makes no invoice", async () => {
    const small = await newcomer("small", "team", 1);
    await small.patch({ seats: 3 });
    expect(await small.news()).toEqual(["subscription.updated"]);
    expect(await small.invoices()).toHaveLength(1);
  });

  it("fewer wait for the end of the period where the plan says so; more again replaces that", async () => {
    const patient = await newcomer("patient", "patient", 8);
    expect((await patient.patch({ seats: 4 })).body).toMatchObject({ seats: 8, scheduled_change: { plan: "patient", seats: 4 } });
    expect((await patient.patch({ seats: 9 })).body).toMatchObject({ seats: 9, scheduled_change: null });
    await patient.patch({ seats: 5 });
    await patient.news();
    await clock.to("2026-05-01T00:00:00Z");
    expect(await patient.subscription()).toMatchObject({ seats: 5, scheduled_change: null });
    expect(linesOf((await patient.invoices()).at(-1))).toEqual([
      ["flat", "base", 5_000],
      ["seat", "seats", 2_000],
    ]);
    expect((await patient.news()).slice(0, 5)).toEqual([...COLLECTED, ...ISSUED, "subscription.renewed"]);
  });

  it("by the day, and on the next invoice, if so asked", async () => {
    const daily = await newcomer("daily", "daily", 3);
    await clock.to("2026-04-16T15:30:00Z");
    await daily.patch({ seats: 5, proration: "next_invoice" });
    expect(await daily.invoices()).toHaveLength(1);
    await clock.to("2026-05-01T00:00:00Z");
    expect(linesOf((await daily.invoices()).at(-1))).toEqual([
      ["seat", "seats", 1_000],
      ["flat", "base", 5_000],
      ["seat", "seats", 2_000],
    ]);
  });

  it("the address and renewal change in one step with them, told once", async () => {
    const all = await newcomer("all", "team", 3);
    expect((await all.patch({ seats: 3, auto_renew: false, billing_email: "a@example.com" })).body).toMatchObject({
      auto_renew: false,
      billing_email: "a@example.com",
    });
    expect((await all.patch({ auto_renew: false })).status).toBe(200);
    expect((await all.patch({ color: "red" })).status).toBe(422);
    expect(await all.news()).toEqual(["subscription.updated"]);
    await clock.to("2026-05-01T00:00:00Z");
    expect(await all.news()).toEqual(["subscription.expired"]);
    expect((await all.patch({ seats: 4 })).body).toMatchObject({ status: 409, code: "invalid_state", state: "expired" });
  });
});
