/** Answer schemas of the catalog's routes, for the OpenAPI document. */
import { Type } from "typebox";
import { Closed, Instant, Key, Named, Nullable, OneOf } from "../../http/schema.ts";
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
  }),
);

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
