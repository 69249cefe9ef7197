/** An invoice is voided and its period billed again: everything that it had is on the new one, once. */
import { expect, it } from "vitest";
import { createWorld } from "../world.ts";

it("bills a voided period again, its minimum commitment too", async () => {
  const world = await createWorld();
  try {
    const clock = await world.clock("2026-01-01T00:00:00Z");
    await world.must("PUT", "/v1/catalog", {
      meters: [{ key: "units", event: "unit", aggregation: "sum" }],
      plans: [
        {
          key: "p",
          name: "P",
          currency: "usd",
          interval: "month",
          minimum_commitment: 5_000,
          prices: [
            { key: "base", type: "flat", amount: 1_000, timing: "in_arrears" },
            { key: "units", type: "usage", meter: "units", unit_amount: "10" },
          ],
        },
      ],
    });
    await world.must("PUT", "/v1/tenants/t", { test_clock: clock.id });
    await world.must("POST", "/v1/tenants/t/subscription", { plan: "p", collection: "send_invoice" });
    await world.must("POST", "/v1/usage", { tenant_id: "t", event: "unit", amount: 7, idempotency_key: "1" });
    await clock.to("2026-02-02T00:00:00Z");
    const period = { period_start: "2026-01-01T00:00:00Z", period_end: "2026-02-01T00:00:00Z" };
    const amounts = (invoice: { lines: { kind: string; amount: number }[] }) => invoice.lines.map((line) => [line.kind, line.amount]);
    const expected = [
      ["flat", 1_000],
      ["usage", 70],
      ["commitment", 3_930],
    ];
    for (let round = 0; round < 3; round++) {
      const invoice = await world.must("POST", "/v1/tenants/t/invoices", period);
      expect([invoice.status, invoice.total, amounts(invoice)]).toEqual(["open", 5_000, expected]);
      expect((await world.must("POST", `/v1/invoices/${invoice.id}/void`)).status).toBe("void");
    }
    // Nobody asks again: February's invoice is February's alone.
    await clock.to("2026-03-01T00:00:00Z");
    const { items } = await world.must("GET", "/v1/tenants/t/invoices?status=open");
    expect(
      items.map((invoice: { total: number; lines: { period_start: string }[] }) => [
        invoice.total,
        ...new Set(invoice.lines.map((line) => line.period_start)),
      ]),
    ).toEqual([[5_000, "2026-02-01T00:00:00Z"]]);
  } finally {
    await world.close();
  }
});
