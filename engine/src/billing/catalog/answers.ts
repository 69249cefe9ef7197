/** Answer schemas of the catalog's routes, for the OpenAPI document. */
import { Type } from "typebox";
import { Closed, Currency, Instant, Key, Named, Nullable, OneOf, Page } from "../../http/schema.ts";
import { CouponBody } from "./coupon-schema.ts";
import { CatalogBody, CreditEventBody, CreditProductBody, EntitlementBody, FeatureBody, MeterBody, PlanBody } from "./document.ts";
import { TaxRateBody } from "./tax-rate-schema.ts";

export const ChangeAnswer = Type.Object({
  kind: OneOf(["meter", "feature", "plan", "credit_event", "credit_product", "coupon", "tax_rate"]),
  key: Key(),
  action: OneOf(["create", "update", "archive", "none"]),
  fields: Type.Array(Type.String()),
  version: Type.Optional(Type.Integer({ description: "Of a plan: its version after the change." })),
});
export const DiffAnswer = Type.Object({ changes: Type.Array(ChangeAnswer) });
export const AppliedAnswer = Type.Object({ ...CatalogBody.properties, ...DiffAnswer.properties });

const listed = { archived: Type.Boolean(), created_at: Instant() };

const ProductAnswer = Type.Object({
  reference: Type.String({ description: "The processor's name of it: prod_…" }),
  name: Nullable(Type.String()),
  description: Nullable(Type.String()),
});

const offered = {
  reference: Type.String({ description: "The processor's name of it: price_…" }),
  product: Type.String(),
  nickname: Nullable(Type.String()),
  currency: Currency(),
  unit_amount: Nullable(Type.String({ description: "In minor units, exact; null where there are tiers." })),
  package_size: Nullable(Type.Integer({ description: "Units are sold in packages of so many." })),
  tiers_mode: Nullable(OneOf(["graduated", "volume"])),
  tiers: Nullable(
    Type.Array(
      Type.Object({
        up_to: Nullable(Type.Integer()),
        unit_amount: Nullable(Type.String()),
        flat_amount: Nullable(Type.String()),
      }),
    ),
  ),
  usage_type: OneOf(["licensed", "metered"]),
  interval: OneOf(["day", "week", "month", "year"]),
  interval_count: Type.Integer(),
};

const PlanOfferAnswer = Named(
  "PlanOffer",
  Type.Object(
    {
      processor: Type.String(),
      product: ProductAnswer,
      prices: Type.Array(Type.Object({ price: Type.String({ description: "The key of the catalog's price that it is." }), ...offered })),
      missing: Type.Array(Type.String(), {
        description: "Prices of the plan, in its own currency, that are not sold there: while there are any, neither is the plan.",
      }),
    },
    { description: "As the processor sells it, where that was asked for." },
  ),
);

export const PlanAnswer = Named(
  "Plan",
  Type.Object({
    ...PlanBody.properties,
    version: Type.Integer(),
    entitlements: Type.Array(
      Type.Object({
        ...EntitlementBody.properties,
        type: Nullable(OneOf(["boolean", "metered", "config"])),
        name: Nullable(Type.String()),
      }),
    ),
    ...listed,
    offer: Type.Optional(PlanOfferAnswer),
  }),
);

/** The plans; and, asked for as a processor sells them, how old that is. */
export const PlansAnswer = Type.Object({
  ...Page(PlanAnswer).properties,
  source: Type.Optional(OneOf(["stripe"])),
  fetched_at: Type.Optional(Instant("When the processor listed what it sells.")),
  stale: Type.Optional(Type.Boolean({ description: "The processor does not answer: this is what it sold at `fetched_at`." })),
  unmapped: Type.Optional(
    Type.Array(Type.Object({ product: ProductAnswer, prices: Type.Array(Type.Object(offered)) }), {
      description: "What the processor sells and is of no plan; for the operator alone.",
    }),
  ),
});

/** The things that are declared beside plans: their names on the wire, what may be put, what is answered. */
export const ITEMS = {
  meter: { path: "meters", name: "meter", body: MeterBody },
  feature: { path: "features", name: "feature", body: FeatureBody },
  credit_event: { path: "credit-events", name: "credit event", body: CreditEventBody },
  credit_product: { path: "credit-products", name: "credit product", body: CreditProductBody },
  coupon: { path: "coupons", name: "coupon", body: CouponBody },
  tax_rate: { path: "tax-rates", name: "tax rate", body: TaxRateBody },
} as const;

/** A body whose key may stay in the address. */
export const keyless = <T extends { properties: { key: unknown } }>({ properties }: T) =>
  Closed({ ...(properties as Omit<T["properties"], "key">), key: Type.Optional(Key()) } as never);

export const itemAnswer = (body: { properties: object }) => Type.Object({ ...(body.properties as typeof MeterBody.properties), ...listed });
