/** The JSON schema of a price. What fields mean to each other is `check-price.ts`. */
import { type Static, Type } from "typebox";
import { Closed, Key, Named, Nullable, OneOf, Quantity, Text, UnitAmount } from "../../http/schema.ts";

/** Whole minor units, as a number or as digits. */
export const WholeAmount = (description = "Whole minor units of the currency.") =>
  Type.Unsafe<number | string>({ type: ["integer", "string"], pattern: "^\\d{1,15}$", minimum: 0, maximum: 1e15, description });

const Rate = () =>
  Type.Unsafe<number | string>({
    type: ["number", "string"],
    pattern: "^\\d{1,9}(\\.\\d{1,18})?$",
    minimum: 0,
    maximum: 1e9,
    description: "Per cent.",
  });

export const PositiveQuantity = (description = "A quantity of zero or more: a number, or a decimal string with up to 12 places.") =>
  Type.Unsafe<number | string>({ ...(Quantity(description) as object), pattern: "^\\d{1,26}(\\.\\d{1,12})?$", minimum: 0, maximum: 1e26 });

export const Names = Type.Array(Type.String({ minLength: 1, maxLength: 128 }), { maxItems: 20 });

/** By property the values that pass; each list is alternatives, all properties must pass. */
export const FilterMap = Type.Unsafe<Record<string, string[]>>({
  type: "object",
  maxProperties: 20,
  propertyNames: { type: "string", minLength: 1, maxLength: 128 },
  additionalProperties: { type: "array", items: { type: "string", maxLength: 255 }, maxItems: 1_000 },
  description: "By property the values that pass; every property named must pass.",
});

export const opt = <T extends Parameters<typeof Nullable>[0]>(schema: T) => Type.Optional(Nullable(schema));

const Tier = Closed({
  up_to: opt(PositiveQuantity("Inclusive; null in the last tier: without end.")),
  unit_amount: opt(UnitAmount()),
  flat_amount: opt(UnitAmount("Added once when the tier is entered; minor units.")),
  rate: opt(Rate()),
});

/** The fields that hold money: all that another currency may, and must, say anew. */
export const MoneyFields = {
  amount: opt(WholeAmount()),
  unit_amount: opt(UnitAmount()),
  tiers: opt(Type.Array(Tier, { maxItems: 200 })),
  fixed_amount: opt(UnitAmount("Per event; minor units.")),
  min_amount: opt(UnitAmount("Least amount of one event.")),
  max_amount: opt(UnitAmount("Greatest amount of one event.")),
  minimum_amount: opt(WholeAmount("Least amount of the line.")),
  maximum_amount: opt(WholeAmount("Greatest amount of the line.")),
};

export const PriceBody = Named(
  "Price",
  Closed({
    key: Key(),
    type: OneOf(["flat", "seat", "usage"]),
    name: opt(Text(255)),
    description: opt(Text(2_000)),
    model: opt(OneOf(["flat", "per_unit", "graduated", "volume", "package", "percentage", "graduated_percentage"])),
    timing: opt(OneOf(["in_advance", "in_arrears"])),
    meter: opt(Key("The meter whose value is billed.")),
    ...MoneyFields,
    package_size: opt(PositiveQuantity()),
    rate: opt(Rate()),
    free_events: opt(Type.Integer({ minimum: 0, maximum: 1_000_000_000 })),
    included: opt(PositiveQuantity("Free units, which come off first.")),
    multiply: opt(PositiveQuantity("Unit conversion before pricing.")),
    divide: opt(PositiveQuantity("Unit conversion before pricing.")),
    round: opt(OneOf(["up", "down", "half_up"])),
    group_by: opt(Names),
    filters: opt(FilterMap),
  }),
);
export type PriceBody = Static<typeof PriceBody>;
