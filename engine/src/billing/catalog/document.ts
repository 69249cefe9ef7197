/** The catalog document: what people declare, as JSON schema and as types. Objects are closed; null means absent. */
import { type Static, Type } from "typebox";
import { Closed, Currency, Key, Metadata, OneOf, Text } from "../../http/schema.ts";
import { CouponBody } from "./coupon-schema.ts";
import { AGGREGATIONS, CREDIT_OVERDRAFTS } from "./meter.ts";
import { FilterMap, MoneyFields, Names, opt, PositiveQuantity, PriceBody, WholeAmount } from "./price-schema.ts";
import { TaxRateBody } from "./tax-rate-schema.ts";

const Described = { name: opt(Text(255)), description: opt(Text(2_000)), metadata: opt(Metadata) };

export const MeterBody = Closed({
  key: Key(),
  ...Described,
  unit: opt(Text(64)),
  // The form of an event's name: another one could never come.
  event: Type.String({
    pattern: "^[A-Za-z0-9_.:/-]{1,128}$",
    description: "What an event must be named to be read: 1 to 128 letters, digits or _ . : - /",
  }),
  aggregation: OneOf(AGGREGATIONS),
  property: opt(
    Type.String({ minLength: 1, maxLength: 128, description: "Which property holds the value; without it the event's own amount." }),
  ),
  filters: opt(FilterMap),
  group_by: opt(Names),
  recurring: opt(Type.Boolean({ description: "unique_count and weighted_sum: the value carries over period ends." })),
  credit_cost: opt(PositiveQuantity("Credits that one costs, taken as the event is recorded; without it usage costs none.")),
  credit_overdraft: opt(
    OneOf(
      CREDIT_OVERDRAFTS,
      "Where there are too few: reject refuses the event (402), allow takes what is there and charges nothing more, bill leaves the rest to the plan's price. reject if not said.",
    ),
  ),
  rounding: opt(
    Closed({
      mode: OneOf(["round", "ceil", "floor"]),
      precision: opt(Type.Integer({ minimum: -12, maximum: 12 })),
    }),
  ),
});

export const FeatureBody = Closed({
  key: Key(),
  ...Described,
  type: OneOf(["boolean", "metered", "config"]),
  meter: opt(Key("Of a metered feature: what is counted.")),
});

export const WINDOWS = ["minute", "hour", "day", "month", "billing_period", "lifetime"] as const;

export const EntitlementBody = Closed({
  feature: Key(),
  enabled: opt(Type.Boolean()),
  limit: opt(PositiveQuantity("Null: unlimited.")),
  window: opt(OneOf(WINDOWS)),
  enforcement: opt(OneOf(["hard", "soft"])),
  value: Type.Optional(Type.Unknown({ description: "Of a config feature: any JSON." })),
});

const Credits = Closed({
  amount: PositiveQuantity("Credits granted at the start of each period."),
  rollover: Type.Optional(
    Type.Unsafe<boolean | { max: number | string } | null>({
      type: ["boolean", "object", "null"],
      properties: { max: PositiveQuantity("The most that a rollover keeps.") },
      required: ["max"],
      additionalProperties: false,
      description: "Keep what is left at the period's end: true, or at most { max }.",
    }),
  ),
  priority: opt(Type.Integer({ minimum: 0, maximum: 255, description: "Lower burns first; 20 if not said." })),
});

/** A price in another currency: its amounts; a bare number is the `amount` or the `unit_amount`. */
const CurrencyPrice = Type.Unsafe<number | string | Static<ReturnType<typeof MoneyObject>>>({
  ...(MoneyObject() as object),
  type: ["object", "number", "string"],
  pattern: "^\\d{1,15}(\\.\\d{1,18})?$",
  minimum: 0,
  maximum: 1e15,
});

function MoneyObject() {
  return Closed(MoneyFields);
}

const CurrencyBody = Closed({
  prices: opt(
    Type.Unsafe<Record<string, Static<typeof CurrencyPrice>>>({ type: "object", additionalProperties: CurrencyPrice, maxProperties: 100 }),
  ),
  minimum_commitment: opt(WholeAmount()),
});

export const PlanBody = Closed({
  key: Key(),
  ...Described,
  group: opt(Key("What plans share that sell the same at another interval.")),
  extends: opt(Key("Takes over the entitlements and credits of this plan.")),
  currency: opt(Currency()),
  currencies: opt(
    Type.Unsafe<Record<string, Static<typeof CurrencyBody>>>({
      type: "object",
      propertyNames: { type: "string", format: "currency" },
      additionalProperties: CurrencyBody,
      maxProperties: 50,
      description: "The other currencies that it is sold in, with the amounts of each price.",
    }),
  ),
  interval: opt(OneOf(["day", "week", "month", "year"])),
  interval_count: opt(Type.Integer({ minimum: 1, maximum: 1_000 })),
  trial_days: opt(Type.Integer({ minimum: 0, maximum: 3_650 })),
  trial: opt(Type.Boolean({ description: "A trial of the engine's default length." })),
  default: opt(Type.Boolean({ description: "What a tenant without a subscription has." })),
  proration_unit: opt(OneOf(["second", "day"])),
  seat_decrease: opt(OneOf(["credit", "period_end"])),
  after_dunning: opt(OneOf(["cancel", "expire", "keep"], "What becomes of a subscription when the last retry of a payment failed.")),
  minimum_commitment: opt(WholeAmount("Least amount of the period's usage and recurring lines.")),
  prices: opt(Type.Array(PriceBody, { maxItems: 100 })),
  entitlements: opt(Type.Array(EntitlementBody, { maxItems: 500 })),
  credits: opt(Credits),
  processor_prices: opt(
    Type.Unsafe<Record<string, Record<string, string>>>({
      type: "object",
      propertyNames: { type: "string", pattern: "^[a-z][a-z0-9_-]{0,63}$" },
      additionalProperties: { type: "object", additionalProperties: { type: "string", minLength: 1, maxLength: 255 } },
      description: "By processor and price key, the processor's own id of the price.",
    }),
  ),
});

export const CreditEventBody = Closed({
  key: Key(),
  ...Described,
  cost: PositiveQuantity("Credits for one."),
  category: opt(Text(64)),
  active: opt(Type.Boolean()),
  plans: opt(
    Type.Unsafe<Record<string, { cost?: number | string | null; active?: boolean | null }>>({
      type: "object",
      additionalProperties: Closed({ cost: opt(PositiveQuantity()), active: opt(Type.Boolean()) }),
      maxProperties: 500,
      description: "By plan key, what differs for tenants on that plan.",
    }),
  ),
});

export const CreditProductBody = Closed({
  key: Key(),
  ...Described,
  credits: PositiveQuantity("Credits that one purchase grants."),
  priority: opt(Type.Integer({ minimum: 0, maximum: 255, description: "Lower burns first; 10 if not said." })),
  amount: WholeAmount(),
  currency: Currency(),
  active: opt(Type.Boolean()),
});

const list = <T extends Parameters<typeof Type.Array>[0]>(item: T) => opt(Type.Array(item, { maxItems: 2_000 }));

export const CatalogBody = Closed({
  meters: list(MeterBody),
  features: list(FeatureBody),
  plans: list(PlanBody),
  credit_events: list(CreditEventBody),
  credit_products: list(CreditProductBody),
  coupons: list(CouponBody),
  tax_rates: list(TaxRateBody),
});

export type MeterDocument = Static<typeof MeterBody>;
export type FeatureDocument = Static<typeof FeatureBody>;
export type EntitlementDocument = Static<typeof EntitlementBody>;
export type PlanDocument = Static<typeof PlanBody>;
export type CreditEventDocument = Static<typeof CreditEventBody>;
export type CreditProductDocument = Static<typeof CreditProductBody>;
export type CatalogDocument = Static<typeof CatalogBody>;
