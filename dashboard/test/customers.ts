/** Customers as the demo has them, in the situations that their pages tell of: a business of a month, small enough for a test. */
import type { World } from "../../engine/test/world.ts";
import catalog from "../../examples/demo-catalog.ts";

/** When the pages are looked at: the day after the month. */
export const NOW = "2026-10-02T09:00:00Z";
const DAY = 86_400_000;
const START = Date.parse("2026-09-01T00:00:00Z");

interface Customer {
  id: string;
  name: string;
  currency: string;
  zone: string;
  plan?: string;
  seats?: number;
  card?: string;
}

const CUSTOMERS: Customer[] = [
  { id: "kestrel", name: "Kestrel Robotics", currency: "usd", zone: "UTC", plan: "pro_monthly", seats: 9, card: "tok_visa" },
  { id: "hoshino", name: "Hoshino Seiki", currency: "jpy", zone: "Asia/Tokyo", plan: "pro_monthly", seats: 8, card: "tok_mastercard" },
  { id: "tidepool", name: "Tidepool Games", currency: "usd", zone: "UTC", plan: "starter", card: "tok_insufficient_funds" },
  { id: "fernhill", name: "Fernhill Schools", currency: "eur", zone: "Europe/Berlin" },
  { id: "oldmill", name: "Old Mill Pottery", currency: "eur", zone: "Europe/Dublin" },
];

export async function openCustomers(world: World): Promise<void> {
  await world.must("PUT", "/v1/catalog", catalog);
  const clock = await world.clock("2026-09-01T00:00:00Z");
  for (const { id, name, currency, zone, plan, seats, card } of CUSTOMERS) {
    const url = `/v1/tenants/${id}`;
    const mail = `accounts@${id}.example`;
    await world.must("PUT", url, {
      name,
      currency,
      time_zone: zone,
      test_clock: clock.id,
      billing_email: mail,
      address: { country: "US" },
    });
    // One that fails comes later: the first invoice is still paid.
    if (card) await world.must("POST", `${url}/payment-methods/setup-intent`, { token: id === "tidepool" ? "tok_visa" : card });
    if (plan) await world.must("POST", `${url}/subscription`, { plan, ...(seats ? { seats } : {}) });
  }
  await clock.to("2026-09-25T10:00:00Z");
  await world.must("POST", "/v1/tenants/fernhill/subscription", { plan: "starter", trial_days: 14 });
  await worseCard(world);
  await clock.to("2026-09-30T14:30:00Z");
  const days = Array.from({ length: 29 }, (_, day) => day);
  await world.must("POST", "/v1/usage", days.flatMap(usageOf));
  await spendCredits(world);
  await clock.to(NOW);
  await world.must("POST", "/v1/usage", usageOf(30));
}

async function worseCard(world: World): Promise<void> {
  const url = "/v1/tenants/tidepool/payment-methods";
  const { payment_method: worse } = await world.must("POST", `${url}/setup-intent`, { token: "tok_insufficient_funds" });
  await world.must("POST", `${url}/${worse.id}/default`);
  const { items } = await world.must("GET", url);
  for (const { id } of items.filter((one: { id: string }) => one.id !== worse.id)) await world.must("DELETE", `${url}/${id}`);
}

/** A few requests a day of some models, more of them in the middle of the week. */
function usageOf(day: number) {
  const count = 4 + ((day * 7) % 5);
  return ["kestrel", "hoshino", "tidepool"].flatMap((tenant) =>
    Array.from({ length: count }, (_, index) => ({
      tenant_id: tenant,
      event: "llm_request",
      at: new Date(START + day * DAY + index * 3_600_000).toISOString(),
      idempotency_key: `${tenant} ${day} ${index}`,
      properties: {
        model: ["sonata-large", "sonata-small", "sonata-code"][index % 3],
        input_tokens: 20_000 + ((day * 13 + index * 7_919) % 90_000),
        output_tokens: 2_000 + ((day * 17 + index * 1_709) % 9_000),
        user_id: `user ${index}`,
      },
    })),
  );
}

async function spendCredits(world: World): Promise<void> {
  const url = "/v1/tenants/kestrel/credits";
  for (let index = 0; index < 6; index++)
    await world.must("POST", `${url}/consume`, {
      event_name: "ai_inference",
      quantity: 20 + index * 11,
      idempotency_key: `spent ${index}`,
    });
  await world.must("POST", `${url}/grants`, {
    amount: 2_500,
    source: "promotion",
    reason: "Welcome gift",
    expires_at: "2026-10-20T00:00:00Z",
  });
}
