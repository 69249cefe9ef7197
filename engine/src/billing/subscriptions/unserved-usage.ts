/** What was used in a pause: it belongs to no time that is served, so nobody bills it; whoever ends the pause says so. */
import type { Tx } from "../../commit.ts";
import type { Decimal } from "../money/decimal.ts";
import type { Period } from "../time/period.ts";
import { readQuantities } from "../usage/quantity.ts";
import type { SubscriptionRow } from "./store.ts";

export interface Unserved {
  meter: string;
  quantity: Decimal;
  events: number;
}

/** Of the meters that the plan prices; none without events. */
export async function unservedUsage(tx: Tx, row: SubscriptionRow, pause: Period): Promise<Unserved[]> {
  const plan = await tx.ctx.catalog.plan(row.plan_key, row.plan_version);
  const { meters } = await tx.ctx.catalog.current();
  const keys = new Set(plan.pricesIn(row.currency).flatMap((price) => (price.type === "usage" && price.meter ? [price.meter] : [])));
  const asked = [...keys].flatMap((key) => meters.get(key) ?? []);
  if (asked.length === 0 || pause.start >= pause.end) return [];
  // Event by event, so that what is held since before does not count.
  const asks = asked.map((meter) => ({ tenantNo: row.tenant_no, meter, ...pause, events: true }));
  const answers = await readQuantities(tx, asks);
  return asked.flatMap((meter, index) => {
    const [all] = answers[index]!;
    return all && all.eventCount > 0 ? [{ meter: meter.key, quantity: all.value, events: all.eventCount }] : [];
  });
}

/** As the end of a pause says it: a part of the summary, and of the event's data. */
export function sayUnserved(unserved: readonly Unserved[]): { words: string; data: Record<string, unknown> } {
  if (unserved.length === 0) return { words: "", data: {} };
  const parts = unserved.map(({ meter, quantity }) => `${quantity.toFixed()} of ${meter}`);
  return {
    words: ` Used in the pause and not billed: ${parts.join(", ")}.`,
    data: { unserved_usage: unserved.map((one) => ({ ...one, quantity: one.quantity.toFixed() })) },
  };
}
