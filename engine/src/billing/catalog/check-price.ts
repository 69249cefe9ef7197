/** What the JSON schema of a price cannot say: which fields a model takes, and how they must stand to each other. */
import { type Decimal, decimal, parseDecimal, QUANTITY_SCALE, ZERO } from "../money/decimal.ts";
import type { Model, PriceDocument, TierDocument } from "./price.ts";

/** `path` is written as `plans[0].prices[2].tiers[1].up_to`. */
export interface Fault {
  readonly path: string;
  readonly message: string;
}

type Field = Exclude<keyof PriceDocument, "tiers" | "filters" | "group_by">;
type Report = (field: string, message: string) => void;

/** Of the fields that belong to models: those that a model needs, and those that it may have. */
const OF_MODEL: Record<Model, { needs: readonly string[]; takes: readonly string[] }> = {
  flat: { needs: ["amount"], takes: [] },
  per_unit: { needs: ["unit_amount"], takes: [] },
  package: { needs: ["unit_amount", "package_size"], takes: [] },
  graduated: { needs: ["tiers"], takes: [] },
  volume: { needs: ["tiers"], takes: [] },
  graduated_percentage: { needs: ["tiers"], takes: [] },
  percentage: { needs: ["rate"], takes: ["fixed_amount", "free_events", "min_amount", "max_amount"] },
};
const MODEL_FIELDS = [...new Set(Object.values(OF_MODEL).flatMap(({ needs, takes }) => [...needs, ...takes]))];
const CONVERSION = ["multiply", "divide", "round"] as const;
const QUANTITIES = ["package_size", "included", "multiply", "divide"] as const;
const RATES = ["unit_amount", "rate", "fixed_amount", "min_amount", "max_amount"] as const;
const WHOLE = ["amount", "minimum_amount", "maximum_amount", "free_events"] as const;

/** Every fault of a price document; none: it can be parsed and rated. `path` is the price's own, e.g. `plans[0].prices[2]`. */
export function checkPrice(doc: PriceDocument, path: string): Fault[] {
  const faults: Fault[] = [];
  const report: Report = (field, message) => faults.push({ path: `${path}.${field}`, message });
  const model = doc.model ?? (doc.type === "flat" ? "flat" : "per_unit");
  checkType(doc, model, report);
  checkModelFields(doc, model, report);
  checkNumbers(doc, report);
  if (doc.tiers) checkTiers(doc.tiers, model, report);
  return faults;
}

function checkType(doc: PriceDocument, model: Model, report: Report): void {
  if (doc.type === "flat" && model !== "flat") report("model", `a flat price has no model ${model}; its type would be seat or usage`);
  if (doc.type === "seat" && model.includes("percentage")) report("model", "seats are counted, not money: a seat price has no percentage");
  if (doc.type === "usage" && !doc.meter) report("meter", "a usage price needs the meter that it bills");
  if (doc.type !== "usage") {
    for (const field of ["meter", "group_by", "filters"] as const) {
      if (doc[field] != null) report(field, `only a usage price has ${field}, this is a ${doc.type} price`);
    }
  }
  if (model === "flat") {
    for (const field of ["included", ...CONVERSION] as const) {
      if (doc[field] != null) report(field, "a flat price does not depend on a quantity");
    }
  }
  if (doc.round != null && doc.multiply == null && doc.divide == null)
    report("round", "needs multiply or divide: it rounds a unit conversion");
  for (const [name, values] of Object.entries(doc.filters ?? {})) {
    if (values.length === 0) report(`filters.${name}`, "needs at least one value: nothing could match");
  }
  if (doc.group_by && new Set(doc.group_by).size !== doc.group_by.length) report("group_by", "names a property twice");
}

function checkModelFields(doc: PriceDocument, model: Model, report: Report): void {
  const { needs, takes } = OF_MODEL[model];
  for (const field of MODEL_FIELDS) {
    const given = doc[field as Field] != null;
    if (needs.includes(field) && !given) report(field, `the ${model} model needs it`);
    if (given && !needs.includes(field) && !takes.includes(field)) report(field, `does not belong to the ${model} model`);
  }
}

function checkNumbers(doc: PriceDocument, report: Report): void {
  for (const field of QUANTITIES) checkQuantity(doc[field], field, report);
  for (const field of RATES) checkNumber(doc[field], field, report);
  for (const field of WHOLE) {
    const value = checkNumber(doc[field], field, report);
    if (value && !value.eq(value.round(0, 0)))
      report(field, field === "free_events" ? "must be a whole number" : "must be whole minor units");
  }
  for (const field of ["package_size", "multiply", "divide"] as const) {
    if (parseDecimal(doc[field])?.eq(ZERO)) report(field, "must be above zero");
  }
  checkOrder(doc, "min_amount", "max_amount", report);
  checkOrder(doc, "minimum_amount", "maximum_amount", report);
}

function checkOrder(doc: PriceDocument, low: Field, high: Field, report: Report): void {
  const [least, most] = [parseDecimal(doc[low]), parseDecimal(doc[high])];
  if (least && most && least.gt(most)) report(high, `must not be below ${low}`);
}

function checkTiers(tiers: readonly TierDocument[], model: Model, report: Report): void {
  if (tiers.length === 0) report("tiers", "needs at least one tier");
  let floor: Decimal = ZERO;
  for (const [index, tier] of tiers.entries()) {
    const last = index === tiers.length - 1;
    const at = `tiers[${index}]`;
    const upTo = checkQuantity(tier.up_to, `${at}.up_to`, report);
    if (last && tier.up_to != null) report(`${at}.up_to`, "the last tier has no end: must be null");
    if (!last && tier.up_to == null) report(`${at}.up_to`, "only the last tier has no end: must be a quantity");
    if (upTo?.lte(floor)) report(`${at}.up_to`, index === 0 ? "must be above zero" : `must be above the tier before, ${floor.toFixed()}`);
    if (upTo) floor = upTo;
    checkTierAmounts(tier, at, model, report);
  }
}

function checkTierAmounts(tier: TierDocument, at: string, model: Model, report: Report): void {
  const [own, other] = model === "graduated_percentage" ? (["rate", "unit_amount"] as const) : (["unit_amount", "rate"] as const);
  if (tier[other] != null) report(`${at}.${other}`, `does not belong to the ${model} model`);
  if (tier[own] == null && tier.flat_amount == null) report(`${at}.${own}`, `needs ${own} or flat_amount; a free tier says "0"`);
  for (const field of [own, "flat_amount"] as const) checkNumber(tier[field], `${at}.${field}`, report);
}

function checkQuantity(value: unknown, field: string, report: Report): Decimal | null {
  const number = checkNumber(value, field, report);
  if (number && !number.eq(number.round(QUANTITY_SCALE, 0))) report(field, `has more than ${QUANTITY_SCALE} decimal places`);
  return number;
}

// Nothing in a price may be negative: money goes back by credit notes and adjustments, which keep their books.
function checkNumber(value: unknown, field: string, report: Report): Decimal | null {
  if (value == null) return null;
  const number = parseDecimal(value);
  if (number === null) report(field, "must be a decimal number");
  else if (number.lt(ZERO)) report(field, "must not be negative");
  return number?.gte(ZERO) ? decimal(number) : null;
}
