/** The buckets of a usage read: hours, and the days and months of the tenant's zone. */
import type { Instant } from "../time/instant.ts";
import type { Period } from "../time/period.ts";
import { windowAt } from "../time/window.ts";

export const GRANULARITIES = ["hour", "day", "month", "total"] as const;
export type Granularity = (typeof GRANULARITIES)[number];

export const MAX_BUCKETS = 10_000;

/** The newest first, the first and the last cut at the ends of the time asked for. null: more than `MAX_BUCKETS`. */
export function bucketsOf(granularity: Granularity, timeZone: string, from: Instant, to: Instant): Period[] | null {
  if (granularity === "total") return [{ start: from, end: to }];
  const buckets: Period[] = [];
  for (let end = to; end > from; ) {
    if (buckets.length === MAX_BUCKETS) return null;
    // Instants are whole milliseconds: this is the bucket that ends at `end` or holds what is before it.
    const { start } = windowAt(granularity, timeZone, end - 1, null);
    buckets.push({ start: Math.max(start, from), end });
    end = start;
  }
  return buckets;
}
