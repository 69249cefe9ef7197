/** The JSON schema of a coupon. What fields mean to each other is `check-coupon.ts`. */
import { type Static, Type } from "typebox";
import { Closed, Currency, Key, Metadata, OneOf, Text } from "../../http/schema.ts";
import { opt, WholeAmount } from "./price-schema.ts";

export const Percent = (description: string) =>
  Type.Unsafe<number | string>({
    type: ["number", "string"],
    pattern: "^\\d{1,3}(\\.\\d{1,6})?$",
    minimum: 0,
    maximum: 100,
    description,
  });

export const CouponBody = Closed({
  key: Key(),
  name: opt(Text(255)),
  description: opt(Text(2_000)),
  metadata: opt(Metadata),
  percent_off: opt(Percent("Per cent of what it applies to.")),
  amount_off: opt(WholeAmount("Minor units of `currency`; of duration once, what it is worth in all.")),
  currency: opt(Currency()),
  duration: opt(OneOf(["once", "periods", "forever"])),
  periods: opt(Type.Integer({ minimum: 1, maximum: 1_200, description: "Of duration periods: how many." })),
  plans: opt(Type.Array(Key(), { maxItems: 500, description: "Only what is sold on these plans." })),
  prices: opt(Type.Array(Key(), { maxItems: 500, description: "Only lines of these prices." })),
  active: opt(Type.Boolean({ description: "False: nobody can be given it any more." })),
});

export type CouponDocument = Static<typeof CouponBody>;
