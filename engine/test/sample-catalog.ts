/** The catalog of the API's documentation, complete: a fresh copy each time, for tests that change it. */
import type { CatalogDocument } from "../src/billing/catalog/document.ts";

export function sampleCatalog() {
  return {
    meters: [
      { key: "input_tokens", event: "llm_request", aggregation: "sum", property: "input_tokens", unit: "token" },
      { key: "requests", event: "llm_request", aggregation: "count", filters: { model: ["gpt-4"] }, group_by: ["model"] },
    ],
    features: [
      { key: "chat", type: "boolean" },
      { key: "api_calls", type: "metered", meter: "requests" },
      { key: "support_level", type: "config", name: "Support" },
    ],
    plans: [
      {
        key: "pro",
        name: "Pro",
        group: "pro",
        currency: "usd",
        interval: "month",
        interval_count: 1,
        trial_days: 14,
        default: false,
        prices: [
          { key: "base", type: "flat", amount: 2900, timing: "in_advance" },
          { key: "seats", type: "seat", model: "per_unit", unit_amount: "1000", included: 3 },
          {
            key: "tokens",
            type: "usage",
            meter: "input_tokens",
            model: "graduated",
            tiers: [
              { up_to: 1000000, unit_amount: "0.0002" },
              { up_to: null, unit_amount: "0.0001", flat_amount: "500" },
            ],
          },
        ],
        entitlements: [
          { feature: "chat", enabled: true },
          { feature: "api_calls", limit: 10000, window: "month", enforcement: "hard" },
          { feature: "api_calls", limit: 100, window: "minute", enforcement: "soft" },
          { feature: "support_level", value: { tier: "priority", hours: [9, 17] } },
        ],
        credits: { amount: 5000, rollover: { max: 10000 } },
        currencies: {
          inr: {
            prices: {
              base: { amount: 240000 },
              seats: "80000",
              tokens: {
                tiers: [
                  { up_to: 1000000, unit_amount: "0.016" },
                  { up_to: null, unit_amount: "0.008", flat_amount: "40000" },
                ],
              },
            },
          },
        },
        processor_prices: { stripe: { base: "price_123" } },
      },
      {
        key: "pro_yearly",
        group: "pro",
        extends: "pro",
        currency: "usd",
        interval: "year",
        prices: [{ key: "base", type: "flat", amount: 29000 }],
        entitlements: [{ feature: "support_level", value: "phone" }],
      },
      { key: "free", default: true, entitlements: [{ feature: "api_calls", limit: null }] },
    ],
    credit_events: [{ key: "ai_inference", name: "AI model inference", cost: 25, category: "ai", plans: { pro: { cost: "12.5" } } }],
    credit_products: [{ key: "pack_10k", name: "10,000 credits", credits: 10000, amount: 4900, currency: "usd" }],
    coupons: [{ key: "launch", name: "Launch", percent_off: 20, duration: "periods", periods: 3, plans: ["pro"] }],
    tax_rates: [{ key: "vat_de", name: "MwSt", kind: "vat", country: "DE", percent: 19 }],
    // biome-ignore lint/suspicious/noExplicitAny: tests put nonsense in it
  } satisfies CatalogDocument as any;
}
