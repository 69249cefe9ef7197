/** A subscription began: the meters that its plan bills are in use from now on, before the first event of theirs comes. */
import type { Tx } from "../../commit.ts";
import type { AppendedEvent } from "../../events/append.ts";
import { markMetersUsed } from "./store.ts";

export async function noteSale(tx: Tx, event: AppendedEvent): Promise<void> {
  const { plan: key, plan_version: version } = event.data as { plan: string; plan_version: number };
  const { meters, plans } = await tx.ctx.catalog.current();
  const current = plans.get(key);
  const plan = current?.version === version ? current : await tx.ctx.catalog.plan(key, version);
  const unused = plan.pricesIn(plan.currency).flatMap((price) => {
    const meter = price.meter === undefined ? undefined : meters.get(price.meter);
    return meter && !meter.used ? [meter.no] : [];
  });
  if (unused.length === 0) return;
  await markMetersUsed(tx, unused, tx.now);
}
