/** The card is declined, the tenant keeps its access for the grace, puts in another card, and is active again at once. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Arrears, subscribed } from "./failed-payment.ts";

describe("a failed payment recovers by a retry", () => {
  let tenant: Arrears;
  beforeAll(async () => {
    tenant = await subscribed("tok_visa");
    await tenant.to("2026-01-15T00:00:00Z");
    await tenant.card("tok_declined");
    await tenant.news();
  });
  afterAll(() => tenant.world.close());

  it("is past due from the failure on, with the grace that is configured (lesson 26)", async () => {
    await tenant.to("2026-02-01T00:00:00Z");
    expect(await tenant.news()).toEqual([
      "invoice.created",
      "invoice.finalized",
      "subscription.renewed",
      "payment.failed",
      "invoice.payment_failed",
      "subscription.past_due",
    ]);
    expect(await tenant.subscription()).toMatchObject({ status: "past_due", grace_until: "2026-02-04T00:00:00Z" });
    expect((await tenant.invoices())[0]).toMatchObject({ status: "open", amount_due: 2900, next_attempt_at: "2026-02-02T00:00:00Z" });
  });

  it("is tried again on days 1 and 3, and the grace does not grow", async () => {
    await tenant.to("2026-02-05T00:00:00Z");
    expect(await tenant.news()).toEqual(["payment.failed", "invoice.payment_failed", "payment.failed", "invoice.payment_failed"]);
    expect(await tenant.subscription()).toMatchObject({ status: "past_due", grace_until: "2026-02-04T00:00:00Z" });
    expect((await tenant.payments()).map((payment) => [payment.requested_at, payment.status, payment.code])).toEqual([
      ["2026-01-01T00:00:00Z", "succeeded", null],
      ["2026-02-01T00:00:00Z", "failed", "card_declined"],
      ["2026-02-02T00:00:00Z", "failed", "card_declined"],
      ["2026-02-04T00:00:00Z", "failed", "card_declined"],
    ]);
  });

  it("a payment that the tenant asks for and that fails is answered with the gateway's code and takes no retry", async () => {
    const [invoice] = await tenant.invoices();
    const answer = await tenant.world.post(`/v1/invoices/${invoice!.id}/pay`, {});
    expect([answer.status, answer.body.code, answer.body.gateway_code]).toEqual([402, "payment_failed", "card_declined"]);
    expect(await tenant.news()).toEqual(["payment.failed", "invoice.payment_failed"]);
    expect((await tenant.invoices())[0]).toMatchObject({ next_attempt_at: "2026-02-06T00:00:00Z" });
  });

  it("is active at once when the next retry succeeds", async () => {
    await tenant.card("tok_visa");
    await tenant.to("2026-02-07T00:00:00Z");
    expect(await tenant.news()).toEqual(["payment.succeeded", "invoice.paid", "subscription.updated"]);
    expect(await tenant.subscription()).toMatchObject({ status: "active", grace_until: null });
    expect((await tenant.invoices())[0]).toMatchObject({ status: "paid", amount_due: 0, next_attempt_at: null });
  });

  it("has nothing left to retry", async () => {
    await tenant.to("2026-02-20T00:00:00Z");
    expect(await tenant.news()).toEqual([]);
  });
});

describe("a failed payment recovers at any moment", () => {
  it("by paying now with another method", async () => {
    const tenant = await subscribed("tok_declined");
    try {
      await tenant.to("2026-01-01T12:00:00Z");
      expect(await tenant.subscription()).toMatchObject({ status: "past_due" });
      const [invoice] = await tenant.invoices();
      const method = await tenant.card("tok_mastercard");
      await tenant.card("tok_insufficient_funds");
      await tenant.news();
      const body = { payment_method: method };
      const answers = await Promise.all(
        [1, 2, 3].map(() => tenant.world.post(`/v1/invoices/${invoice!.id}/pay`, body, { "idempotency-key": "now" })),
      );
      // One of them pays; the others hear of it, that it is under way, or that it is done.
      expect(answers.some((answer) => answer.status === 200 && answer.body.status === "paid")).toBe(true);
      expect(answers.every((answer) => [200, 409].includes(answer.status))).toBe(true);
      const again = await tenant.world.post(`/v1/invoices/${invoice!.id}/pay`, body, { "idempotency-key": "now" });
      expect([again.status, again.body.status]).toEqual([200, "paid"]);
      expect(await tenant.news()).toEqual(["payment.succeeded", "invoice.paid", "subscription.updated"]);
      const other = await tenant.world.post(`/v1/invoices/${invoice!.id}/pay`, body);
      expect([other.status, other.body.code, other.body.state]).toEqual([409, "invalid_state", "paid"]);
    } finally {
      await tenant.world.close();
    }
  });

  it.each([
    ["void", "invoice.voided"],
    ["uncollectible", "invoice.marked_uncollectible"],
  ])("by %s: what is not owed is not overdue", async (step, event) => {
    const tenant = await subscribed("tok_declined");
    try {
      await tenant.to("2026-01-01T12:00:00Z");
      const [invoice] = await tenant.invoices();
      await tenant.news();
      await tenant.world.must("POST", `/v1/invoices/${invoice!.id}/${step}`, {});
      expect(await tenant.news()).toEqual([event, "subscription.updated"]);
      await tenant.to("2026-01-20T00:00:00Z");
      expect(await tenant.news()).toEqual([]);
      const again = await tenant.world.post(`/v1/invoices/${invoice!.id}/${step}`, {});
      expect([again.status, again.body.code]).toEqual([409, "invalid_state"]);
    } finally {
      await tenant.world.close();
    }
  });
});

describe("an outcome that nobody knows (lesson 32)", () => {
  it("is asked about and never charged again, whoever asks for the payment meanwhile", async () => {
    const tenant = await subscribed("tok_unknown");
    try {
      await tenant.to("2026-01-01T12:00:00Z");
      const [invoice] = await tenant.invoices();
      expect((await tenant.payments()).map((payment) => payment.status)).toEqual(["unknown"]);
      const refused = await tenant.world.post(`/v1/invoices/${invoice!.id}/pay`, {});
      expect([refused.status, refused.body.code]).toEqual([409, "conflict"]);
      const voided = await tenant.world.post(`/v1/invoices/${invoice!.id}/void`, {});
      expect([voided.status, voided.body.code]).toEqual([409, "invalid_state"]);
      const { pool } = tenant.world.billing.ctx;
      await pool.query("update payments set claimed_until = null");
      await tenant.to("2026-01-09T00:00:00Z");
      expect((await tenant.payments()).map((payment) => payment.status)).toEqual(["succeeded"]);
      expect((await pool.query("select 1 from sandbox_charges")).rowCount).toBe(1);
      expect((await tenant.invoices())[0]).toMatchObject({ status: "paid" });
      expect(await tenant.subscription()).toMatchObject({ status: "active" });
    } finally {
      await tenant.world.close();
    }
  });
});
