/** A trial of a tenant that gave no card: it ends, the invoice fails, access stays for the grace; a card makes it good, or it ends. */
import { afterEach, describe, expect, it } from "vitest";
import { createWorld, type World } from "../world.ts";
import { COLLECTED, ISSUED, tenantOf } from "./tenant.ts";

const FAILED = ["payment.failed", "invoice.payment_failed"];
const TRIED = ["subscription.trial_ended", ...ISSUED, ...FAILED, "subscription.past_due"];

describe("a trial without a card", () => {
  let world: World;
  afterEach(() => world.close());

  async function trial(config: object, card?: string) {
    world = await createWorld({ config });
    const clock = await world.clock("2026-01-01T00:00:00Z");
    const prices = [{ key: "base", type: "flat", amount: 2_900 }];
    await world.must("PUT", "/v1/catalog", {
      plans: [
        { key: "free", name: "Free", currency: "usd", interval: "month", default: true, prices: [] },
        { key: "pro", name: "Pro", currency: "usd", interval: "month", trial_days: 14, prices },
      ],
    });
    await world.must("PUT", "/v1/tenants/acme", { currency: "usd", test_clock: clock.id });
    const acme = tenantOf(world, "acme");
    const give = (token: string) => world.must("POST", `${acme.url}/payment-methods/setup-intent`, { token });
    if (card) await give(card);
    expect(await acme.start({ plan: "pro" })).toMatchObject({ status: "trialing", trial_end: "2026-01-15T00:00:00Z" });
    return { ...acme, clock, give };
  }

  it("is past due at its end, keeps its access for the grace, and is active when a card is added", async () => {
    const acme = await trial({ sandboxWithoutCard: "fails" });
    expect((await world.must("GET", `${acme.url}/payment-methods`)).items).toEqual([]);
    await acme.clock.to("2026-01-15T12:00:00Z");
    expect(await acme.news()).toEqual(["tenant.created", "subscription.started", "subscription.trial_ending", ...TRIED]);
    expect(await acme.subscription()).toMatchObject({ status: "past_due", grace_until: "2026-01-18T00:00:00Z" });
    const [payment] = (await world.must("GET", `${acme.url}/payments`)).items;
    expect(payment).toMatchObject({ status: "failed", code: "no_payment_method", payment_method: null, amount: 2_900 });
    await acme.clock.to("2026-01-16T12:00:00Z");
    expect(await acme.news()).toEqual(FAILED);
    await acme.give("tok_visa");
    await acme.clock.to("2026-02-15T00:00:00Z");
    expect(await acme.news()).toEqual([...COLLECTED, "subscription.updated", ...ISSUED, "subscription.renewed", ...COLLECTED]);
    expect(await acme.subscription()).toMatchObject({ status: "active", grace_until: null, current_period_start: "2026-02-15T00:00:00Z" });
  });

  it("ends after the last retry, and what is owed stays owed", async () => {
    const acme = await trial({}, "tok_none");
    await acme.clock.to("2026-01-22T00:00:00Z");
    expect(await acme.news()).toEqual([
      "tenant.created",
      "subscription.started",
      "subscription.trial_ending",
      ...TRIED,
      ...FAILED,
      ...FAILED,
      ...FAILED,
      ...FAILED,
      "subscription.canceled",
    ]);
    expect(await acme.subscription()).toMatchObject({ status: "canceled", ended_at: "2026-01-22T00:00:00Z", grace_until: null });
    expect(await acme.invoices()).toMatchObject([{ status: "open", amount_due: 2_900 }]);
  });

  it("ends at no cost where it was canceled in time", async () => {
    const acme = await trial({ sandboxWithoutCard: "fails" });
    await acme.step("cancel");
    await acme.clock.to("2026-03-01T00:00:00Z");
    expect(await acme.news()).toEqual(["tenant.created", "subscription.started", "subscription.updated", "subscription.canceled"]);
    expect(await acme.invoices()).toEqual([]);
  });
});
