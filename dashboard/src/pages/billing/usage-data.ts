/** A tenant's usage by day, as a chart wants it. */
import { queryOptions } from "@tanstack/react-query";
import { engine } from "../../session/engine.ts";
import type { Quantity } from "../../text/quantity.ts";
import { type TimeText, timeText } from "../../text/time.ts";
import { about } from "./data.ts";

export interface UsageAsk {
  meter: string;
  from: string;
  to: string;
  groupBy?: string | null;
}

export interface UsageDay {
  at: string;
  value: Quantity;
  group: string | null;
}

export function usageByDay(tenant: string, { meter, from, to, groupBy }: UsageAsk) {
  return queryOptions({
    queryKey: about(tenant, "usage", meter, from, to, groupBy ?? null),
    queryFn: async ({ signal }): Promise<UsageDay[]> => {
      const days: UsageDay[] = [];
      for (let cursor: string | null = ""; cursor !== null; ) {
        const page: { items: { period_start: string; value: Quantity; group: unknown }[]; next_cursor: string | null } =
          await engine.request("GET", "/v1/tenants/{tenant_id}/usage", {
            path: { tenant_id: tenant },
            query: {
              meter,
              from,
              to,
              granularity: "day",
              limit: 100,
              ...(groupBy ? { group_by: groupBy } : {}),
              ...(cursor ? { cursor } : {}),
            },
            signal,
          });
        for (const { period_start, value, group } of page.items) days.push({ at: period_start, value, group: groupText(group, groupBy) });
        cursor = page.next_cursor;
      }
      return days;
    },
  });
}

function groupText(group: unknown, by: string | null | undefined): string | null {
  if (!by || group === null || typeof group !== "object") return null;
  const value = (group as Record<string, unknown>)[by];
  return value === null || value === undefined || value === "" ? "(none)" : String(value);
}

const DAY = 86_400_000;
/** Of dates without a time. */
const utc = timeText("UTC");

/** Where the tenant's day begins that lies so many days before its now. */
export function dayBefore(now: string, days: number, time: TimeText): string {
  return time.midnight(time.iso(new Date(Date.parse(now) - days * DAY).toISOString()));
}

/** One point a day from the first to the last, those without usage too. */
export function pointsOf(days: readonly UsageDay[], { from, to }: { from: string; to: string }, time: TimeText) {
  const byDay = new Map<string, Record<string, Quantity>>();
  for (let at = Date.parse(from); at < Date.parse(to); at += DAY) byDay.set(time.iso(new Date(at).toISOString()), {});
  for (const { at, value, group } of days) {
    const values = byDay.get(time.iso(at)) ?? {};
    values[group ?? "value"] = value;
    byDay.set(time.iso(at), values);
  }
  return [...byDay.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([iso, values]) => ({ at: iso, words: utc.day(`${iso}T00:00:00Z`), values }));
}

/** The groups by how much there is of each, the smallest ones together: a chart of twenty colours says nothing. */
export function seriesOf(days: readonly UsageDay[], most = 6): { key: string; name: string }[] {
  const sums = new Map<string, number>();
  for (const { value, group } of days) if (group !== null) sums.set(group, (sums.get(group) ?? 0) + Number(value));
  return [...sums.entries()]
    .sort((a, b) => b[1] - a[1])
    .slice(0, most)
    .map(([key]) => ({ key, name: key }));
}
