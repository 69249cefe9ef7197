/** What the tests of credits share: a catalog with credit events, and a tenant's wallet by its routes. */
import type { World } from "./world.ts";

export const CATALOG = {
  plans: [
    { key: "free", name: "Free", currency: "usd", interval: "month", default: true, prices: [] },
    { key: "pro", name: "Pro", currency: "usd", interval: "month", prices: [{ key: "base", type: "flat", amount: 100 }] },
  ],
  credit_events: [
    { key: "api_call_basic", cost: 1 },
    { key: "ai_inference", cost: 25, category: "ai", plans: { pro: { cost: "12.5" }, free: { active: true } } },
    { key: "export", cost: 3, active: false, plans: { pro: { active: true } } },
    { key: "ping", cost: 0 },
  ],
};

let made = 0;

export async function walletOf(world: World, grants: object[] = [], fields: object = {}) {
  const id = `wallet${made++}`;
  await world.must("PUT", `/v1/tenants/${id}`, fields);
  const url = `/v1/tenants/${id}/credits`;
  for (const grant of grants) await world.must("POST", `${url}/grants`, grant);
  return {
    id,
    url,
    balance: () => world.must("GET", url),
    left: async () =>
      Object.fromEntries((await world.must("GET", url)).grants.map((g: Record<string, unknown>) => [g.reason, g.remaining])),
    ledger: async (query = "") => (await world.must("GET", `${url}/transactions?limit=100${query}`)).items,
    consume: (body: object, headers?: Record<string, string>) => world.post(`${url}/consume`, body, headers),
    post: (path: string, body: object = {}) => world.post(`${url}/${path}`, body),
    events: async (type: string) => (await world.must("GET", `/v1/tenants/${id}/events?type=${type}&limit=100`)).items,
  };
}
