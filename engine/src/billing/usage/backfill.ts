/**
 * Moves the events that came before a meter into its rollups, a range of receipts at a time, from the newest back. Each step
 * adds a range and lowers `rolled_from` in one transaction: reads are exact at any moment, and a crash loses a step, no more.
 */
import { ENGINE } from "../../auth/principal.ts";
import { commit, type Tx } from "../../commit.ts";
import type { Context } from "../../context.ts";
import { onPool } from "../../db/pool.ts";
import type { Meter } from "../catalog/meter.ts";
import { groupKey } from "./group.ts";
import { addHours, findRegistered, lockRegistered, readHours, setRolledFrom } from "./meter-store.ts";
import { definitionOf } from "./register-meters.ts";

const BATCH = 65_536n;
// A batch of receipts holds 1 to 10,000 events; the step grows while it finds few and shrinks when it finds many.
const FEW = 20_000n;
const MANY = 200_000n;

export async function backfillUsage(ctx: Context): Promise<void> {
  const { meters } = await ctx.catalog.current({ fresh: true });
  const behind = (await findRegistered(onPool(ctx.pool))).filter((row) => row.rolled_from > 0n);
  for (const { meter_no } of behind) {
    const meter = [...meters.values()].find((candidate) => candidate.no === meter_no);
    if (meter) await backfillMeter(ctx, meter);
  }
}

async function backfillMeter(ctx: Context, meter: Meter): Promise<void> {
  let batches = 64n;
  for (;;) {
    const found = await commit(ctx, { principal: ENGINE }, (tx) => step(tx, meter, batches));
    if (found === null) return;
    if (found < FEW) batches *= 2n;
    else if (found > MANY && batches > 1n) batches /= 2n;
  }
}

/** Answers how many events it found; null: nothing is left to do. */
async function step(tx: Tx, meter: Meter, batches: bigint): Promise<bigint | null> {
  const row = await lockRegistered(tx, meter.no);
  // Redefined meanwhile: another backfill is on its way, with the new definition.
  if (!row || row.rolled_from <= 0n || row.definition !== definitionOf(meter)) return null;
  // Values that must be told apart have no rollups to go to.
  if (meter.aggregation === "unique_count") {
    await setRolledFrom(tx, meter.no, 0n);
    return null;
  }
  const to = row.rolled_from;
  const from = to > batches * BATCH ? to - batches * BATCH : 0n;
  const hours = await readHours(tx, meter, from, to);
  const rows = hours.map((hour) => ({
    ...hour,
    groupKey: groupKey(Object.fromEntries(meter.groupBy.map((name, i) => [name, hour.grouped[i] ?? null]))),
  }));
  if (rows.length > 0) await addHours(tx, meter.no, rows);
  await setRolledFrom(tx, meter.no, from);
  return hours.reduce((sum, hour) => sum + hour.n, 0n);
}
