/**
 * The catalog of the demo: Sonata, an imaginary company that sells language models. It is written as anybody would write
 * theirs: what plans share is a function here, and the engine sees the plain document that comes out.
 *
 * Amounts are in the currency's minor unit; "0.0003" is three ten-thousandths of a cent a token, or $3 a million.
 */
import { defineCatalog } from "../../billing/catalog/define-catalog.ts";

/** Graduated token prices per million tokens, in minor units: the more, the cheaper. */
function tokenTiers(first: string, second: string, third: string) {
  return [
    { up_to: 2_000_000, unit_amount: first },
    { up_to: 10_000_000, unit_amount: second },
    { up_to: null, unit_amount: third },
  ];
}

/** What every paid plan of the pro group meters, whatever its interval. */
const proUsage = [
  {
    key: "input",
    type: "usage" as const,
    name: "Input tokens",
    meter: "input_tokens",
    model: "graduated" as const,
    tiers: tokenTiers("0.0003", "0.00025", "0.0002"),
  },
  { key: "output", type: "usage" as const, name: "Output tokens", meter: "output_tokens", unit_amount: "0.0015", included: 100_000 },
  {
    key: "images",
    type: "usage" as const,
    name: "Images, in packs of 25",
    meter: "images",
    model: "package" as const,
    package_size: 25,
    unit_amount: "90",
  },
  {
    key: "sales",
    type: "usage" as const,
    name: "Sales through agents",
    meter: "agent_sales",
    model: "percentage" as const,
    rate: "2.5",
    fixed_amount: "30",
    free_events: 10,
  },
];

/** The same usage in another currency. */
function proUsageIn(input: [string, string, string], output: string, images: string, perSale: string) {
  return { input: { tiers: tokenTiers(...input) }, output, images, sales: { fixed_amount: perSale } };
}

const inEuro = proUsageIn(["0.00028", "0.00023", "0.00018"], "0.0014", "85", "28");
const inPound = proUsageIn(["0.00024", "0.0002", "0.00016"], "0.0012", "72", "24");
const inRupee = proUsageIn(["0.025", "0.021", "0.017"], "0.125", "7500", "2500");
const inYen = proUsageIn(["0.00045", "0.000375", "0.0003"], "0.00225", "135", "45");

export default defineCatalog({
  meters: [
    { key: "input_tokens", event: "llm_request", aggregation: "sum", property: "input_tokens", unit: "token", group_by: ["model"] },
    { key: "output_tokens", event: "llm_request", aggregation: "sum", property: "output_tokens", unit: "token", group_by: ["model"] },
    { key: "requests", event: "llm_request", aggregation: "count" },
    { key: "active_users", event: "llm_request", aggregation: "unique_count", property: "user_id", unit: "user" },
    { key: "images", event: "image_render", aggregation: "sum", unit: "image" },
    { key: "storage", event: "index_size", aggregation: "max", property: "gigabytes", unit: "GB" },
    { key: "agent_sales", event: "agent_sale", aggregation: "sum", property: "value", unit: "minor unit" },
  ],
  features: [
    { key: "playground", name: "Playground", type: "boolean" },
    { key: "fine_tuning", name: "Fine-tuning", type: "boolean" },
    { key: "api_requests", name: "API requests", type: "metered", meter: "requests" },
    { key: "support", name: "Support", type: "config" },
  ],
  plans: [
    {
      key: "free",
      name: "Free",
      description: "To try things out.",
      default: true,
      entitlements: [
        { feature: "playground", enabled: true },
        { feature: "api_requests", limit: 1_000, window: "month", enforcement: "hard" },
        { feature: "support", value: "community" },
      ],
    },
    {
      key: "starter",
      name: "Starter",
      description: "For one person with an idea.",
      currency: "usd",
      interval: "month",
      after_dunning: "keep",
      prices: [
        { key: "base", type: "flat", name: "Starter", amount: 2_900 },
        { key: "input", type: "usage", name: "Input tokens", meter: "input_tokens", unit_amount: "0.0003", included: 500_000 },
        { key: "output", type: "usage", name: "Output tokens", meter: "output_tokens", unit_amount: "0.0015", included: 50_000 },
      ],
      currencies: {
        eur: { prices: { base: 2_700, input: "0.00028", output: "0.0014" } },
        inr: { prices: { base: 149_900, input: "0.025", output: "0.125" } },
        jpy: { prices: { base: 3_900, input: "0.00045", output: "0.00225" } },
      },
      entitlements: [
        { feature: "playground", enabled: true },
        { feature: "api_requests", limit: 100_000, window: "billing_period", enforcement: "soft" },
        { feature: "support", value: "mail" },
      ],
      credits: { amount: 1_000, rollover: false },
    },
    {
      key: "pro_monthly",
      name: "Pro",
      group: "pro",
      description: "For teams.",
      currency: "usd",
      interval: "month",
      after_dunning: "keep",
      prices: [
        { key: "base", type: "flat", name: "Pro", amount: 9_900 },
        { key: "seats", type: "seat", name: "Seats (3 included)", unit_amount: "1500", included: 3 },
        ...proUsage,
      ],
      currencies: {
        eur: { prices: { base: 8_900, seats: "1400", ...inEuro } },
        gbp: { prices: { base: 7_900, seats: "1200", ...inPound } },
        inr: { prices: { base: 499_900, seats: "79900", ...inRupee } },
        jpy: { prices: { base: 13_900, seats: "2100", ...inYen } },
      },
      entitlements: [
        { feature: "playground", enabled: true },
        { feature: "fine_tuning", enabled: true },
        { feature: "api_requests", limit: 2_000_000, window: "billing_period", enforcement: "soft" },
        { feature: "support", value: "priority" },
      ],
      credits: { amount: 10_000, rollover: { max: 20_000 } },
    },
    {
      key: "pro_yearly",
      name: "Pro, by the year",
      group: "pro",
      extends: "pro_monthly",
      description: "Two months free.",
      currency: "usd",
      interval: "year",
      after_dunning: "keep",
      prices: [
        { key: "base", type: "flat", name: "Pro, one year", amount: 99_000 },
        { key: "seats", type: "seat", name: "Seats (3 included)", unit_amount: "15000", included: 3 },
        ...proUsage,
      ],
      currencies: {
        eur: { prices: { base: 89_000, seats: "14000", ...inEuro } },
        gbp: { prices: { base: 79_000, seats: "12000", ...inPound } },
      },
    },
    {
      key: "scale",
      name: "Scale",
      description: "For companies that run on it.",
      currency: "usd",
      interval: "month",
      after_dunning: "keep",
      minimum_commitment: 100_000,
      prices: [
        { key: "base", type: "flat", name: "Scale", amount: 49_900 },
        {
          key: "seats",
          type: "seat",
          name: "Seats",
          model: "graduated",
          tiers: [
            { up_to: 10, unit_amount: "0" },
            { up_to: 25, unit_amount: "1200" },
            { up_to: null, unit_amount: "900" },
          ],
        },
        {
          key: "input",
          type: "usage",
          name: "Input tokens",
          meter: "input_tokens",
          group_by: ["model"],
          model: "graduated",
          tiers: tokenTiers("0.00028", "0.00022", "0.00018"),
        },
        { key: "output", type: "usage", name: "Output tokens", meter: "output_tokens", group_by: ["model"], unit_amount: "0.0013" },
        {
          key: "images",
          type: "usage",
          name: "Images",
          meter: "images",
          model: "volume",
          tiers: [
            { up_to: 500, unit_amount: "3.5" },
            { up_to: null, unit_amount: "3" },
          ],
        },
        { key: "storage", type: "usage", name: "Index at its largest (GB)", meter: "storage", unit_amount: "25", included: 10 },
        {
          key: "users",
          type: "usage",
          name: "Active users, in hundreds",
          meter: "active_users",
          model: "package",
          package_size: 100,
          unit_amount: "2000",
        },
      ],
      currencies: {
        eur: {
          minimum_commitment: 95_000,
          prices: {
            base: 46_900,
            seats: {
              tiers: [
                { up_to: 10, unit_amount: "0" },
                { up_to: 25, unit_amount: "1100" },
                { up_to: null, unit_amount: "850" },
              ],
            },
            input: { tiers: tokenTiers("0.00026", "0.0002", "0.00017") },
            output: "0.0012",
            images: {
              tiers: [
                { up_to: 500, unit_amount: "3.2" },
                { up_to: null, unit_amount: "2.8" },
              ],
            },
            storage: "23",
            users: "1900",
          },
        },
      },
      entitlements: [
        { feature: "playground", enabled: true },
        { feature: "fine_tuning", enabled: true },
        { feature: "api_requests", limit: null },
        { feature: "support", value: "named engineer" },
      ],
      credits: { amount: 100_000, rollover: true },
    },
  ],
  credit_events: [
    { key: "ai_inference", name: "AI model inference", cost: 25, category: "ai" },
    { key: "image_generation", name: "Image generation", cost: 40, category: "ai", plans: { scale: { cost: 30 } } },
  ],
  credit_products: [
    { key: "pack_10k", name: "10,000 credits", credits: 10_000, amount: 4_900, currency: "usd" },
    { key: "pack_10k_inr", name: "10,000 credits", credits: 10_000, amount: 399_900, currency: "inr" },
  ],
});
