/**
 * Reaction to `catalog.changed`: from which event on the rollups of each meter are kept. Events that came before a meter are
 * read raw until the backfill has moved them into its rollups, so that its value is exact from the first moment.
 */
import type { Tx } from "../../commit.ts";
import type { MeterDocument } from "../catalog/document.ts";
import type { Meter } from "../catalog/meter.ts";
import { parseMeter } from "../catalog/parse.ts";
import { readItems } from "../catalog/store.ts";
import { findRegistered, lockUsage, registerMeter } from "./meter-store.ts";

export async function registerMeters(tx: Tx): Promise<void> {
  const registered = new Map((await findRegistered(tx)).map((row) => [row.meter_no, row.definition]));
  const changed = (await readMeters(tx)).filter((meter) => registered.get(meter.no) !== definitionOf(meter));
  if (changed.length === 0) return;
  // Waits for the statements that store events by the catalog before this one; those after it find the revision moved.
  const { rolledFrom } = await lockUsage(tx);
  for (const meter of changed) {
    await registerMeter(tx, { meterNo: meter.no, definition: definitionOf(meter), rolledFrom, redefined: registered.has(meter.no) });
  }
  if (rolledFrom > 0n) tx.enqueue({ name: "backfill-usage", key: "backfill-usage" });
}

/** Everything that decides what stands in a meter's rollups. */
export function definitionOf({ event, aggregation, property, filters, groupBy }: Meter): string {
  const sorted = Object.entries(filters).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([event, aggregation, property, sorted, groupBy.toSorted()]);
}

// In the transaction, which sees the catalog that it is about to commit.
async function readMeters(tx: Tx): Promise<Meter[]> {
  return (await readItems(tx))
    .filter((item) => item.kind === "meter")
    .map((item) =>
      parseMeter({
        no: item.no,
        body: item.body as unknown as MeterDocument,
        archived: item.archived_at !== null,
        used: item.used_at !== null,
      }),
    );
}
