/**
 * A price: the catalog's document form, and the form that rating reads, in which everything that a line needs is
 * computed once (an invoice run rates each price hundreds of thousands of times).
 */
import { type Decimal, decimal, ONE, QUANTITY_SCALE, quotient, ZERO } from "../money/decimal.ts";

export type PriceType = "flat" | "seat" | "usage";
export type Model = "flat" | "per_unit" | "package" | "graduated" | "volume" | "percentage" | "graduated_percentage";
export type Timing = "in_advance" | "in_arrears";
export type UnitRounding = "up" | "down" | "half_up";

/** A number in a document: a JSON number, or a decimal string where its digits must survive. */
export type Numeric = number | string;

export interface TierDocument {
  up_to?: Numeric | null | undefined;
  unit_amount?: Numeric | null | undefined;
  flat_amount?: Numeric | null | undefined;
  rate?: Numeric | null | undefined;
}

/** A price as the catalog declares it (API: Catalog). Null means absent. */
export interface PriceDocument {
  key: string;
  type: PriceType;
  name?: string | null | undefined;
  description?: string | null | undefined;
  model?: Model | null | undefined;
  timing?: Timing | null | undefined;
  meter?: string | null | undefined;
  amount?: Numeric | null | undefined;
  unit_amount?: Numeric | null | undefined;
  package_size?: Numeric | null | undefined;
  tiers?: readonly TierDocument[] | null | undefined;
  rate?: Numeric | null | undefined;
  fixed_amount?: Numeric | null | undefined;
  free_events?: Numeric | null | undefined;
  min_amount?: Numeric | null | undefined;
  max_amount?: Numeric | null | undefined;
  included?: Numeric | null | undefined;
  minimum_amount?: Numeric | null | undefined;
  maximum_amount?: Numeric | null | undefined;
  multiply?: Numeric | null | undefined;
  divide?: Numeric | null | undefined;
  round?: UnitRounding | null | undefined;
  group_by?: readonly string[] | null | undefined;
  filters?: Readonly<Record<string, readonly string[]>> | null | undefined;
}

/** (up_to of the tier before, up_to]; null is without end. Amounts in minor units. */
export interface Tier {
  readonly upTo: Decimal | null;
  readonly unitAmount: Decimal;
  readonly flatAmount: Decimal;
  /** Per cent, of the graduated_percentage model; unitAmount is then rate ÷ 100. */
  readonly rate: Decimal | null;
  /** upTo × denominator of the price: what a converted quantity is compared with. */
  readonly bound: Decimal | null;
  /** flatAmount × denominator. */
  readonly flatScaled: Decimal;
}

/** A price ready to rate. Amounts in minor units, quantities in units after conversion. */
export interface Price {
  readonly key: string;
  readonly type: PriceType;
  readonly model: Model;
  readonly timing: Timing;
  readonly name?: string;
  readonly description?: string;
  readonly meter?: string;
  /** Of the flat model. */
  readonly amount?: bigint;
  /** Per unit, or per package. */
  readonly unitAmount?: Decimal;
  readonly packageSize?: Decimal;
  readonly tiers?: readonly Tier[];
  /** Per cent. */
  readonly rate?: Decimal;
  /** Per event (percentage). */
  readonly fixedAmount?: Decimal;
  readonly freeEvents?: number;
  /** Bounds of one event's amount (percentage). */
  readonly minAmount?: Decimal;
  readonly maxAmount?: Decimal;
  /** Units (for percentage: minor units of money moved) that are free and come off first. */
  readonly included: Decimal;
  /** Bounds of the line. */
  readonly minimumAmount?: bigint;
  readonly maximumAmount?: bigint;
  readonly multiply?: Decimal;
  readonly divide?: Decimal;
  readonly round?: UnitRounding;
  readonly groupBy?: readonly string[];
  readonly filters?: Readonly<Record<string, readonly string[]>>;
  /** What every converted quantity of this price is over: `divide` where the conversion stays exact, else 1. */
  readonly denominator: Decimal;
  /** included × denominator. */
  readonly includedScaled: Decimal;
  /** packageSize × denominator. */
  readonly packageScaled?: Decimal;
  /** rate ÷ 100. */
  readonly fraction?: Decimal;
}

const CENTI = decimal("0.01");

/**
 * The price for a part of a period, with that part of its free allowance: or a change of plan and back would give it twice.
 * What does not come out even is rounded up, in the customer's favour: units at the 12th place, events to a whole one.
 */
export function withPartOfAllowance(price: Price, part: { num: bigint; den: bigint }): Price {
  const scaled = (value: Decimal, digits: number) => quotient(value.times(decimal(part.num)), decimal(part.den), digits, "up");
  const included = price.included === ZERO ? ZERO : scaled(price.included, QUANTITY_SCALE);
  return {
    ...price,
    included,
    includedScaled: included === ZERO ? ZERO : included.times(price.denominator),
    ...(price.freeEvents === undefined ? {} : { freeEvents: Number(scaled(decimal(price.freeEvents), 0).toFixed()) }),
  };
}

/** The price that a document declares. Throws RangeError where a number is none; `checkPrice` says all that is wrong, beforehand. */
export function parsePrice(doc: PriceDocument): Price {
  const number = (value: Numeric | null | undefined): Decimal | undefined => (value == null ? undefined : decimal(value));
  const whole = (value: Numeric | null | undefined): bigint | undefined => (value == null ? undefined : BigInt(value));
  const divide = number(doc.divide);
  const denominator = divide && !doc.round ? divide : ONE;
  const scaled = (value: Decimal): Decimal => (denominator === ONE ? value : value.times(denominator));
  // The constants themselves, so that rating can compare by identity.
  const included = doc.included == null || decimal(doc.included).eq(ZERO) ? ZERO : decimal(doc.included);
  const packageSize = number(doc.package_size);
  const rate = number(doc.rate);
  return present({
    key: doc.key,
    type: doc.type,
    model: doc.model ?? (doc.type === "flat" ? "flat" : "per_unit"),
    timing: doc.timing ?? (doc.type === "usage" ? "in_arrears" : "in_advance"),
    name: doc.name ?? undefined,
    description: doc.description ?? undefined,
    meter: doc.meter ?? undefined,
    amount: whole(doc.amount),
    unitAmount: number(doc.unit_amount),
    packageSize,
    tiers: doc.tiers?.map((tier) => parseTier(tier, scaled)),
    rate,
    fixedAmount: number(doc.fixed_amount),
    freeEvents: doc.free_events == null ? undefined : Number(doc.free_events),
    minAmount: number(doc.min_amount),
    maxAmount: number(doc.max_amount),
    included,
    minimumAmount: whole(doc.minimum_amount),
    maximumAmount: whole(doc.maximum_amount),
    multiply: number(doc.multiply),
    divide,
    round: doc.round ?? undefined,
    groupBy: doc.group_by ?? undefined,
    filters: doc.filters ?? undefined,
    denominator,
    includedScaled: included === ZERO ? ZERO : scaled(included),
    packageScaled: packageSize && scaled(packageSize),
    fraction: rate?.times(CENTI),
  });
}

function parseTier(doc: TierDocument, scaled: (value: Decimal) => Decimal): Tier {
  const upTo = doc.up_to == null ? null : decimal(doc.up_to);
  const rate = doc.rate == null ? null : decimal(doc.rate);
  const flatAmount = decimal(doc.flat_amount ?? "0");
  return {
    upTo,
    unitAmount: rate ? rate.times(CENTI) : decimal(doc.unit_amount ?? "0"),
    flatAmount,
    rate,
    bound: upTo && scaled(upTo),
    flatScaled: scaled(flatAmount),
  };
}

type Present<T> = { [K in keyof T]: Exclude<T[K], undefined> };

// An absent option is an absent property, so that a price compares and prints as it was declared.
function present(fields: { [K in keyof Price]-?: Price[K] | undefined }): Price {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Present<Price> as Price;
}
