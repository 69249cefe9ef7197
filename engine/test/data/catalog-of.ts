/** A data set's plan file, written as our catalog document. Only a change of notation: per-block prices become minor units a unit. */
import { decimal, quotient } from "../../src/billing/money/decimal.ts";
import type { PlanFile } from "./datasets.ts";

export const EVENT = "usage";

export function catalogOf(plan: PlanFile) {
  const scale = 10n ** BigInt(plan.minor_unit_exponent);
  const minor = (major: string, per = "1") => quotient(decimal(major).times(decimal(scale)), decimal(per), 18).toFixed();
  return {
    meters: plan.meters.map((meter) => ({
      key: meter.id,
      event: EVENT,
      aggregation: meter.aggregation,
      ...(meter.field === undefined ? {} : { property: propertyOf(meter) }),
      ...(meter.where ? { filters: Object.fromEntries(Object.entries(meter.where).map(([key, value]) => [key, [value]])) } : {}),
    })),
    plans: [
      {
        key: "plan",
        name: "Plan",
        currency: plan.currency.toLowerCase(),
        interval: "month",
        prices: plan.lines.map((line) => ({
          key: line.id,
          timing: "in_arrears",
          ...(line.model === "flat"
            ? { type: "flat", amount: Number(minor(line.amount!)) }
            : {
                type: "usage",
                meter: line.meter,
                model: line.model,
                ...(line.included === undefined ? {} : { included: line.included }),
                ...(line.unit_price === undefined ? {} : { unit_amount: minor(line.unit_price, line.per) }),
                ...(line.package_size === undefined ? {} : { package_size: line.package_size, unit_amount: minor(line.package_price!) }),
                ...(line.tiers
                  ? { tiers: line.tiers.map((tier) => ({ up_to: tier.up_to, unit_amount: minor(tier.unit_price, line.per) })) }
                  : {}),
              }),
        })),
      },
    ],
  };
}

/** A prefix of a column (the day of a timestamp) is a property of its own. */
export function propertyOf(meter: PlanFile["meters"][number]): string {
  return meter.prefix === undefined ? meter.field! : `${meter.field}_${meter.prefix}`;
}

/** A row of the data set as a usage event. */
export function eventOf(plan: PlanFile, row: Record<string, string>) {
  const { [plan.dedup_key]: key, [plan.timestamp]: at, [plan.tenant]: tenant, ...properties } = row;
  for (const meter of plan.meters)
    if (meter.prefix !== undefined) properties[propertyOf(meter)] = row[meter.field!]!.slice(0, meter.prefix);
  return { tenant_id: tenant!, event: EVENT, idempotency_key: key!, at: at!, properties };
}
