/**
 * The catalog of the simulated year: Inkwell, an imaginary company in Berlin that reads documents for others. Small, and with
 * one of everything that a bill can hold: seats, tiers, a commitment, a trial, intervals from a week to a year, coupons, taxes.
 *
 * Amounts are in the currency's minor unit; "2.5" is two and a half cents a page.
 */
import { defineCatalog } from "../../billing/catalog/define-catalog.ts";

/** What a team pays for pages, whatever its interval: the more, the cheaper. */
function pageTiers(first: string, second: string, third: string) {
  return [
    { up_to: 300, unit_amount: first },
    { up_to: 1_500, unit_amount: second },
    { up_to: null, unit_amount: third },
  ];
}

function teamPlan(key: string, name: string, interval: "month" | "year", count: number, rate: number) {
  const price = (base: number, seat: number, tiers: [string, string, string]) => ({
    base: base * rate,
    seats: String(seat * rate),
    pages: { tiers: pageTiers(...tiers) },
  });
  return {
    key,
    name,
    group: "team",
    currency: "usd",
    interval,
    interval_count: count,
    prices: [
      { key: "base", type: "flat" as const, name, amount: 4_900 * rate },
      { key: "seats", type: "seat" as const, name: "Seats (3 included)", unit_amount: String(1_200 * rate), included: 3 },
      {
        key: "pages",
        type: "usage" as const,
        name: "Pages",
        meter: "pages",
        model: "graduated" as const,
        tiers: pageTiers("2.5", "1.8", "1.2"),
      },
    ],
    currencies: {
      eur: { prices: price(4_500, 1_100, ["2.3", "1.7", "1.1"]) },
      gbp: { prices: price(3_900, 950, ["2", "1.5", "1"]) },
      inr: { prices: price(249_900, 59_900, ["120", "90", "60"]) },
      jpy: { prices: price(6_900, 1_700, ["3.5", "2.6", "1.8"]) },
    },
  };
}

export default defineCatalog({
  meters: [
    { key: "pages", event: "document", aggregation: "sum", property: "pages", unit: "page" },
    { key: "documents", event: "document", aggregation: "count" },
    { key: "archive", event: "archive_size", aggregation: "max", property: "gigabytes", unit: "GB" },
  ],
  plans: [
    { key: "free", name: "Free", default: true },
    {
      key: "solo",
      name: "Solo",
      currency: "usd",
      interval: "month",
      trial_days: 14,
      prices: [
        { key: "base", type: "flat", name: "Solo", amount: 1_900 },
        { key: "pages", type: "usage", name: "Pages (100 included)", meter: "pages", unit_amount: "3", included: 100 },
      ],
      currencies: {
        eur: { prices: { base: 1_800, pages: "2.8" } },
        gbp: { prices: { base: 1_500, pages: "2.4" } },
        inr: { prices: { base: 89_900, pages: "150" } },
        jpy: { prices: { base: 2_700, pages: "4.2" } },
      },
    },
    {
      key: "solo_weekly",
      name: "Solo, by the week",
      currency: "usd",
      interval: "week",
      proration_unit: "day",
      prices: [
        { key: "base", type: "flat", name: "Solo, one week", amount: 600 },
        { key: "pages", type: "usage", name: "Pages (20 included)", meter: "pages", unit_amount: "3.5", included: 20 },
      ],
      currencies: { eur: { prices: { base: 550, pages: "3.2" } } },
    },
    teamPlan("team_monthly", "Team", "month", 1, 1),
    { ...teamPlan("team_quarterly", "Team, by the quarter", "month", 3, 3), proration_unit: "day" },
    teamPlan("team_yearly", "Team, by the year", "year", 1, 10),
    {
      key: "business",
      name: "Business",
      currency: "usd",
      interval: "month",
      seat_decrease: "period_end",
      after_dunning: "keep",
      minimum_commitment: 36_000,
      prices: [
        { key: "base", type: "flat", name: "Business", amount: 29_900 },
        {
          key: "seats",
          type: "seat",
          name: "Seats",
          model: "graduated",
          tiers: [
            { up_to: 10, unit_amount: "0" },
            { up_to: 25, unit_amount: "1000" },
            { up_to: null, unit_amount: "800" },
          ],
        },
        {
          key: "pages",
          type: "usage",
          name: "Pages",
          meter: "pages",
          model: "volume",
          tiers: [
            { up_to: 2_000, unit_amount: "1.2" },
            { up_to: null, unit_amount: "1" },
          ],
        },
        {
          key: "documents",
          type: "usage",
          name: "Documents, in hundreds",
          meter: "documents",
          model: "package",
          package_size: 100,
          unit_amount: "250",
        },
        { key: "archive", type: "usage", name: "Archive at its largest (GB)", meter: "archive", unit_amount: "20", included: 5 },
      ],
      currencies: {
        eur: {
          minimum_commitment: 33_000,
          prices: {
            base: 27_500,
            seats: {
              tiers: [
                { up_to: 10, unit_amount: "0" },
                { up_to: 25, unit_amount: "920" },
                { up_to: null, unit_amount: "740" },
              ],
            },
            pages: {
              tiers: [
                { up_to: 2_000, unit_amount: "1.1" },
                { up_to: null, unit_amount: "0.9" },
              ],
            },
            documents: "230",
            archive: "18",
          },
        },
      },
    },
  ],
  coupons: [
    { key: "launch", name: "Launch", percent_off: 25, duration: "periods", periods: 3 },
    { key: "partner", name: "Partner", percent_off: 10, duration: "forever" },
    { key: "welcome", name: "Welcome", amount_off: 2_500, currency: "usd", duration: "once" },
    { key: "seats_off", name: "Seats at half price", percent_off: 50, duration: "periods", periods: 2, prices: ["seats"] },
  ],
  tax_rates: [
    { key: "vat_de", name: "MwSt", kind: "vat", country: "DE", percent: 19 },
    { key: "vat_fr", name: "TVA", kind: "vat", country: "FR", percent: 20 },
    { key: "vat_nl", name: "BTW", kind: "vat", country: "NL", percent: 21 },
    { key: "vat_gb", name: "VAT", kind: "vat", country: "GB", percent: 20 },
    { key: "gst_in", name: "GST", kind: "gst", country: "IN", percent: 18 },
    { key: "tax_jp", name: "Consumption tax", kind: "vat", country: "JP", percent: 10, inclusive: true },
    { key: "sales_ny", name: "Sales tax", kind: "sales", country: "US", region: "New York", percent: "8.875" },
  ],
});

/** Who sells: without a place of its own an invoice knows no reverse charge. */
export const SELLER = { name: "Inkwell GmbH", address: "Uferstraße 8, 13357 Berlin", country: "DE", region: null, taxId: "DE300000001" };
