/** What the stories of failed payments share: one plan, one tenant with a card, and the exact list of events since the last look. */
import { createWorld, type World } from "../world.ts";

export interface Arrears {
  world: World;
  to(instant: string): Promise<void>;
  /** Types of the events since the last look, in order. */
  news(): Promise<string[]>;
  card(token: string): Promise<string>;
  subscription(): Promise<Record<string, unknown>>;
  /** Newest first. */
  invoices(): Promise<{ id: string; status: string; amount_due: number; next_attempt_at: string | null }[]>;
  payments(): Promise<{ status: string; requested_at: string; code: string | null }[]>;
}

/** A tenant that subscribes on 1 January at 29.00 a month, with a card of this token. */
export async function subscribed(token: string, plan: Record<string, unknown> = {}, config = {}, catalog = {}): Promise<Arrears> {
  const world = await createWorld({ config });
  const clock = await world.clock("2026-01-01T00:00:00Z");
  await world.must("PUT", "/v1/catalog", {
    ...catalog,
    plans: [
      { key: "pro", name: "Pro", currency: "usd", interval: "month", prices: [{ key: "base", type: "flat", amount: 2900 }], ...plan },
    ],
  });
  await world.must("PUT", "/v1/tenants/acme", { currency: "usd", test_clock: clock.id });
  const card: Arrears["card"] = async (text) =>
    (await world.must("POST", "/v1/tenants/acme/payment-methods/setup-intent", { token: text })).payment_method.id;
  await card(token);
  await world.must("POST", "/v1/tenants/acme/subscription", { plan: "pro" });
  let seen = 0;
  return {
    world,
    card,
    to: async (instant) => void (await clock.to(instant)),
    news: async () => {
      const { items } = await world.must("GET", "/v1/tenants/acme/events?limit=100");
      const all = items.map((event: { type: string }) => event.type).reverse();
      const fresh = all.slice(seen);
      seen = all.length;
      return fresh;
    },
    subscription: () => world.must("GET", "/v1/tenants/acme/subscription"),
    invoices: async () => (await world.must("GET", "/v1/tenants/acme/invoices")).items,
    payments: async () => (await world.must("GET", "/v1/tenants/acme/payments")).items.reverse(),
  };
}
