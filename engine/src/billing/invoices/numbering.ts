/** Numbers of invoices and credit notes: which series counts, and how a number of it is written. */
import { civilFromDays, DAY } from "../time/civil.ts";
import type { Instant } from "../time/instant.ts";

/**
 * `year`: PREFIX-2026-000001, anew each (fiscal) year. `month`: PREFIX-202601-001, the month named and never counted anew.
 * `tenant`: PREFIX-001-001, each tenant a series of its own.
 */
export type NumberStyle = "year" | "month" | "tenant";

export interface Series {
  /** What the counter is kept under. */
  key: string;
  /** What stands before the number. */
  label: string;
  digits: number;
}

export interface SeriesInput {
  style: NumberStyle;
  prefix: string;
  at: Instant;
  /** 1 to 12; a fiscal year that does not begin in January is named by both its years, 2025-26. */
  fiscalYearStartMonth: number;
  /** Of style tenant: the short name of the tenant. */
  tenantNo: number | null;
}

export function seriesOf({ style, prefix, at, fiscalYearStartMonth, tenantNo }: SeriesInput): Series {
  const { year, month } = civilFromDays(Math.floor(at / DAY));
  if (style === "tenant") {
    const label = `${prefix}-${String(tenantNo).padStart(3, "0")}`;
    return { key: label, label, digits: 3 };
  }
  if (style === "month") return { key: prefix, label: `${prefix}-${year}${String(month).padStart(2, "0")}`, digits: 3 };
  const first = month < fiscalYearStartMonth ? year - 1 : year;
  const words = fiscalYearStartMonth === 1 ? String(year) : `${first}-${String((first + 1) % 100).padStart(2, "0")}`;
  return { key: `${prefix}-${words}`, label: `${prefix}-${words}`, digits: 6 };
}

export function numberOf(series: Series, sequence: bigint): string {
  return `${series.label}-${sequence.toString().padStart(series.digits, "0")}`;
}
