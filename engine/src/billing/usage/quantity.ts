/**
 * The quantity of a meter in a period: the one function behind usage reads, checks and invoices, so that they agree to
 * the last digit. Set-based: any number of asks costs a few statements.
 */
import type { Database } from "../../db/pool.ts";
import type { Meter } from "../catalog/meter.ts";
import type { Decimal } from "../money/decimal.ts";
import type { Instant } from "../time/instant.ts";

export interface QuantityAsk {
  tenantNo: number;
  meter: Meter;
  start: Instant;
  end: Instant;
  /** Narrow further than the meter itself: only events with one of these values. */
  filters?: Readonly<Record<string, readonly string[]>>;
  /** Split by these properties. */
  groupBy?: readonly string[];
  /** Also answer each event's value in order of time: for prices that look at single events. */
  events?: boolean;
}

export interface GroupQuantity {
  /** Canonical text of the group, stable over releases; "" without `groupBy`. */
  key: string;
  group: Readonly<Record<string, string | null>>;
  value: Decimal;
  eventCount: number;
  events?: Decimal[];
}

/** One answer an ask, in order; without `groupBy` exactly one group, with it one for each value seen. */
export type QuantityAnswer = GroupQuantity[];

export declare function readQuantities(db: Database, asks: readonly QuantityAsk[]): Promise<QuantityAnswer[]>;
