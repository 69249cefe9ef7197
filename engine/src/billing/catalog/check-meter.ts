/** What the schemas of a meter and a feature cannot say. */
import type { Fault } from "../../errors.ts";
import { decimal, ZERO } from "../money/decimal.ts";
import { canonicalItem, MEASURE } from "./canonical.ts";
import { differing } from "./diff.ts";
import type { FeatureDocument, MeterDocument } from "./document.ts";

export function checkMeter(doc: MeterDocument, path: string): Fault[] {
  const faults: Fault[] = [];
  const report = (field: string, message: string) => void faults.push({ path: `${path}.${field}`, message });
  if (doc.aggregation === "unique_count" && doc.property == null)
    report("property", "unique_count needs the property whose values it counts");
  if (doc.aggregation === "count" && doc.property != null) report("property", "count counts events and reads no property; sum adds one up");
  if (doc.recurring && !["sum", "unique_count", "weighted_sum"].includes(doc.aggregation)) {
    report("recurring", `only sum, unique_count and weighted_sum carry over period ends, ${doc.aggregation} does not`);
  }
  for (const [name, values] of Object.entries(doc.filters ?? {})) {
    if (values.length === 0) report(`filters.${name}`, "needs at least one value: nothing could match");
    else if (new Set(values).size !== values.length) report(`filters.${name}`, "names a value twice");
  }
  faults.push(...checkCreditCost(doc, path));
  if (doc.group_by && new Set(doc.group_by).size !== doc.group_by.length) report("group_by", "names a property twice");
  return faults;
}

// What an event costs must be known from the event alone, and what is billed beside it must be a part of a sum.
function checkCreditCost(doc: MeterDocument, path: string): Fault[] {
  if (doc.credit_cost == null) {
    return doc.credit_overdraft == null ? [] : [{ path: `${path}.credit_overdraft`, message: "needs a credit_cost" }];
  }
  const faults: Fault[] = [];
  const report = (field: string, message: string) => void faults.push({ path: `${path}.${field}`, message });
  if (decimal(doc.credit_cost).lte(ZERO)) report("credit_cost", "must be above zero; without it usage costs no credits");
  if (doc.aggregation !== "sum" && doc.aggregation !== "count")
    report("credit_cost", `only sum and count cost credits, ${doc.aggregation} does not`);
  if (doc.recurring) report("credit_cost", "what carries over period ends costs no credits");
  if (doc.credit_overdraft === "bill" && doc.rounding != null)
    report("credit_overdraft", "bill leaves an exact part to be billed, which a rounding meter cannot tell");
  return faults;
}

/** Numbers that were measured in one way cannot be read in another. */
export function checkMeasure(before: MeterDocument, after: MeterDocument, path: string): Fault[] {
  const changed = new Set(differing(canonicalItem("meter", before), canonicalItem("meter", after)));
  // What credits have covered must go on being left out of what is billed.
  const bills = before.credit_cost != null && before.credit_overdraft === "bill";
  const kept = bills && (after.credit_cost == null || after.credit_overdraft !== "bill") ? (["credit_overdraft"] as const) : [];
  return [...MEASURE.filter((field) => changed.has(field)), ...kept].map((field) => ({
    path: `${path}.${field}`,
    message: `cannot change: the meter ${after.key} is in use. Declare a new meter under another key, and price that one`,
  }));
}

export function checkFeature(doc: FeatureDocument, meters: ReadonlySet<string>, path: string): Fault[] {
  if (doc.type !== "metered") {
    return doc.meter == null ? [] : [{ path: `${path}.meter`, message: `only a metered feature has a meter, this one is ${doc.type}` }];
  }
  if (doc.meter == null) return [{ path: `${path}.meter`, message: "a metered feature needs the meter that counts it" }];
  return meters.has(doc.meter) ? [] : [{ path: `${path}.meter`, message: `names no meter of the catalog: ${doc.meter}` }];
}
