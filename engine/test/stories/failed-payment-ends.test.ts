/** Nobody pays: retries on days 1, 3, 5 and 7, and then what the plan says. */
import { describe, expect, it } from "vitest";
import { subscribed } from "./failed-payment.ts";

const FAILURE = ["payment.failed", "invoice.payment_failed"];

describe("a failed payment ends", () => {
  it.each([
    ["cancel", "canceled", ["subscription.canceled"]],
    ["expire", "expired", ["subscription.expired"]],
    ["keep", "past_due", []],
  ])("after the last retry: %s", async (afterDunning, status, last) => {
    const tenant = await subscribed("tok_declined", { after_dunning: afterDunning });
    try {
      await tenant.to("2026-01-07T23:59:59Z");
      expect(await tenant.news()).toEqual([
        "tenant.created",
        "subscription.started",
        "invoice.created",
        "invoice.finalized",
        ...FAILURE,
        "subscription.past_due",
        ...FAILURE,
        ...FAILURE,
        ...FAILURE,
      ]);
      expect(await tenant.subscription()).toMatchObject({ status: "past_due", grace_until: "2026-01-04T00:00:00Z" });
      await tenant.to("2026-01-08T00:00:00Z");
      expect(await tenant.news()).toEqual([...FAILURE, ...last]);
      expect(await tenant.subscription()).toMatchObject({ status });
      expect((await tenant.payments()).map((payment) => payment.requested_at.slice(0, 10))).toEqual([
        "2026-01-01",
        "2026-01-02",
        "2026-01-04",
        "2026-01-06",
        "2026-01-08",
      ]);
      // What is owed stays owed, and nothing is tried by itself any more.
      const [invoice] = await tenant.invoices();
      expect(invoice).toMatchObject({ status: "open", amount_due: 2900, next_attempt_at: null });
      await tenant.to("2026-01-20T00:00:00Z");
      expect(await tenant.news()).toEqual([]);
      await tenant.card("tok_visa");
      await tenant.world.must("POST", `/v1/invoices/${invoice!.id}/pay`, {});
      expect(await tenant.news()).toEqual([
        "payment.succeeded",
        "invoice.paid",
        ...(afterDunning === "keep" ? ["subscription.updated"] : []),
      ]);
      expect(await tenant.subscription()).toMatchObject({ status: afterDunning === "keep" ? "active" : status });
    } finally {
      await tenant.world.close();
    }
  });

  it.each([
    ["cancel", "canceled"],
    ["expire", "expired"],
  ])("bills what was used until then, and gives nothing back: %s", async (afterDunning, status) => {
    const prices = [
      { key: "base", type: "flat", amount: 2900 },
      { key: "calls", type: "usage", meter: "calls", unit_amount: "10" },
    ];
    const meters = [{ key: "calls", event: "call", aggregation: "sum" }];
    const tenant = await subscribed("tok_declined", { after_dunning: afterDunning, prices }, {}, { meters });
    try {
      await tenant.to("2026-01-06T00:00:00Z");
      const used = { tenant_id: "acme", event: "call", amount: 50, at: "2026-01-05T12:00:00Z", idempotency_key: "used" };
      await tenant.world.must("POST", "/v1/usage", used);
      await tenant.news();
      await tenant.to("2026-01-08T00:00:00Z");
      expect(await tenant.news()).toEqual([
        ...FAILURE,
        afterDunning === "cancel" ? "subscription.canceled" : "subscription.expired",
        "invoice.created",
        "invoice.finalized",
        // The last invoice is charged to the same card.
        ...FAILURE,
      ]);
      expect(await tenant.subscription()).toMatchObject({ status, ended_at: "2026-01-08T00:00:00Z", grace_until: null });
      const [final, first] = (await tenant.invoices()) as Record<string, unknown>[];
      expect(first).toMatchObject({ status: "open", amount_due: 2900, amount_credited: 0 });
      expect(final).toMatchObject({ reason: "final", total: 500, period_end: "2026-01-08T00:00:00Z" });
      // Both can still be paid, and nothing falls due any more.
      await tenant.card("tok_visa");
      await tenant.world.must("POST", `/v1/invoices/${first!.id}/pay`, {});
      await tenant.news();
      await tenant.to("2026-03-01T00:00:00Z");
      expect(await tenant.news()).toEqual(["payment.succeeded", "invoice.paid"]);
      expect(await tenant.subscription()).toMatchObject({ status });
    } finally {
      await tenant.world.close();
    }
  });

  it("keeps to the days and the grace that are configured", async () => {
    const tenant = await subscribed("tok_declined", {}, { dunningRetryDays: [2], gracePeriodDays: 0 });
    try {
      await tenant.to("2026-01-02T12:00:00Z");
      expect(await tenant.subscription()).toMatchObject({ status: "past_due", grace_until: "2026-01-01T00:00:00Z" });
      await tenant.to("2026-01-03T00:00:00Z");
      expect(await tenant.subscription()).toMatchObject({ status: "canceled" });
    } finally {
      await tenant.world.close();
    }
  });
});
