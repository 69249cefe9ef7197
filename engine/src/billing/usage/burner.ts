/** What usage asks of credits, which lie above it: to store events that cost credits, with what they consume, in one write. */
import type { Principal } from "../../auth/principal.ts";
import type { CatalogSnapshot } from "../catalog/cache.ts";
import type { UsageEvent } from "./event.ts";
import type { Known } from "./lanes.ts";

export interface BurningUsage {
  catalog: CatalogSnapshot;
  events: readonly UsageEvent[];
  /** An array was sent: faults are named by their index. */
  batch: boolean;
}

export interface UsageBurner {
  /** As `Lanes.submit`: null if the catalog has moved on and nothing was stored. Throws `insufficient_credits`, with nothing stored. */
  store(principal: Principal, usage: BurningUsage): Promise<Known | null>;
}

const burning = new WeakMap<CatalogSnapshot, ReadonlySet<number>>();

/** The meters of a catalog that cost credits; most catalogs have none, and their events never come here. */
function burningMeters(catalog: CatalogSnapshot): ReadonlySet<number> {
  let known = burning.get(catalog);
  if (!known) {
    known = new Set([...catalog.meters.values()].filter((meter) => meter.creditCost !== null && !meter.archived).map((meter) => meter.no));
    burning.set(catalog, known);
  }
  return known;
}

/** Whether any of these events costs credits. */
export function burns(catalog: CatalogSnapshot, events: readonly UsageEvent[]): boolean {
  const meters = burningMeters(catalog);
  return meters.size > 0 && events.some((event) => event.readings.some((reading) => meters.has(reading.meter.no)));
}
