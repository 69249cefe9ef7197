/**
 * The quantity of a meter in a period: the one function behind usage reads, checks and invoices, so that they agree to
 * the last digit. Set-based: any number of asks costs a few statements. Whole hours come from the rollups; the edges of a
 * period within an hour, and what rollups do not keep apart, from the events themselves.
 */
import type { Database } from "../../db/pool.ts";
import type { Aggregation, Meter } from "../catalog/meter.ts";
import { type Decimal, decimal, ZERO } from "../money/decimal.ts";
import type { Instant } from "../time/instant.ts";
import { type AggregateState, carriesOver, emptyState, merge, stateValue } from "./aggregate.ts";
import { type Filters, matches } from "./filter.ts";
import { type Group, groupKey, groupOf } from "./group.ts";
import { stateOf } from "./partial.ts";
import { type HourRange, type RawReading, type RawRow, type RollupRow, readRaw, readRollups, type TimeRange } from "./quantity-store.ts";
import { roundQuantity } from "./rounding.ts";

export interface QuantityAsk {
  tenantNo: number;
  meter: Meter;
  start: Instant;
  end: Instant;
  /** Narrow further than the meter itself: only events with one of these values. */
  filters?: Readonly<Record<string, readonly string[]>>;
  /** Leave out events that pass any of these: another price bills them. */
  except?: readonly Filters[];
  /** Split by these properties. */
  groupBy?: readonly string[];
  /** Also answer each event's value in order of time: for prices that look at single events. */
  events?: boolean;
}

export interface GroupQuantity {
  /** Canonical text of the group, stable over releases; "" without `groupBy`. */
  key: string;
  group: Group;
  /** With the meter's rounding. */
  value: Decimal;
  eventCount: number;
  events?: Decimal[];
  /** Of what was used, what credits have paid for, where that was taken off `value`. */
  covered?: Decimal;
}

/** One answer an ask, in order; without `groupBy` exactly one group, with it one for each value seen, sorted by key. */
export type QuantityAnswer = GroupQuantity[];

type Sized = Exclude<Aggregation, "unique_count">;

/** What has been read so far of one group of one ask. */
interface Tally {
  group: Group;
  state: AggregateState | null;
  /** unique_count: counted by the database. */
  held: Decimal;
  eventCount: number;
  /** The value in force at the start of a recurring weighted_sum. */
  carried: Decimal;
  events: Decimal[];
}

/** A stretch of time of an ask. `carries`: it lies before the period, whose start its sum is in force at. */
interface Part {
  ask: QuantityAsk;
  tallies: Map<string, Tally>;
  start: Instant | null;
  end: Instant;
  carries: boolean;
}

const HOUR = 3_600_000;
const FIRST_HOUR = -2_147_483_648;

export async function readQuantities(db: Database, asks: readonly QuantityAsk[]): Promise<QuantityAnswer[]> {
  const all = asks.map((ask) => ({ ask, tallies: new Map<string, Tally>() }));
  const parts = all.flatMap(({ ask, tallies }) => partsOf(ask).map((part): Part => ({ ask, tallies, ...part })));
  const raw: (TimeRange & { part: Part })[] = [];
  const hours: (HourRange & { part: Part })[] = [];
  for (const part of parts) divide(part, hours, raw);
  await addRollups(db, hours, raw);
  await addRaw(db, raw);
  return all.map(({ ask, tallies }) => answerOf(ask, tallies));
}

function partsOf({ meter, start, end, events }: QuantityAsk): { start: Instant | null; end: Instant; carries: boolean }[] {
  if (!meter.recurring || events || !carriesOver(meter.aggregation)) return [{ start, end, carries: false }];
  if (meter.aggregation !== "weighted_sum") return [{ start: null, end, carries: false }];
  return [
    { start, end, carries: false },
    { start: null, end: start, carries: true },
  ];
}

/** Rollups keep apart what the meter groups by, and nothing finer than an hour. */
function isRolled({ meter, filters, except, groupBy, events }: QuantityAsk): boolean {
  if (events || meter.aggregation === "unique_count") return false;
  const known = (name: string): boolean => meter.groupBy.includes(name);
  const filtered = [filters ?? {}, ...(except ?? [])].flatMap((set) => Object.keys(set));
  return (groupBy ?? []).every(known) && filtered.every(known);
}

function divide(part: Part, hours: (HourRange & { part: Part })[], raw: (TimeRange & { part: Part })[]): void {
  const { ask, start, end } = part;
  const { tenantNo } = ask;
  const edge = (from: Instant | null, to: Instant): void => {
    if (from === null || from < to) raw.push({ ask: raw.length, tenantNo, start: from, end: to, belowSeq: null, part });
  };
  const fromHour = start === null ? FIRST_HOUR : Math.ceil(start / HOUR);
  const toHour = Math.floor(end / HOUR);
  if (!isRolled(ask) || fromHour >= toHour) {
    edge(start, end);
    return;
  }
  if (start !== null) edge(start, fromHour * HOUR);
  hours.push({ ask: hours.length, tenantNo, meterNo: ask.meter.no, fromHour, toHour, part });
  edge(toHour * HOUR, end);
}

/** What the rollups have; where a meter's begin later than its events, the rest is put on the list of what is read raw. */
async function addRollups(db: Database, hours: (HourRange & { part: Part })[], raw: (TimeRange & { part: Part })[]): Promise<void> {
  const isSplit = ({ part }: { part: Part }): boolean =>
    Object.keys(part.ask.filters ?? {}).length > 0 || (part.ask.except ?? []).length > 0 || (part.ask.groupBy ?? []).length > 0;
  const isTimed = ({ part }: { part: Part }): boolean => ["latest", "weighted_sum"].includes(part.ask.meter.aggregation);
  for (const split of [false, true]) {
    for (const timed of [false, true]) {
      const ranges = hours.filter((range) => isSplit(range) === split && isTimed(range) === timed);
      if (ranges.length === 0) continue;
      const late = new Map<number, bigint>();
      for (const row of await readRollups(db, ranges, { split, timed })) {
        addRollup(hours[row.ask]!.part, row);
        if (row.rolled_from !== null) late.set(row.ask, row.rolled_from);
      }
      for (const [index, belowSeq] of late) {
        const { part, tenantNo, fromHour, toHour } = hours[index]!;
        const start = fromHour === FIRST_HOUR ? null : fromHour * HOUR;
        raw.push({ ask: raw.length, tenantNo, start, end: toHour * HOUR, belowSeq, part });
      }
    }
  }
}

function addRollup(part: Part, row: RollupRow): void {
  // Nothing of a split range: the row only says where the rollups begin.
  if (row.n === null || row.n === 0n) return;
  const group = row.group_key ? (JSON.parse(row.group_key) as Record<string, string | null>) : {};
  if (!matches(part.ask.filters, group) || part.ask.except?.some((set) => matches(set, group))) return;
  add(part, groupOf(part.ask.groupBy ?? [], group), stateOf(part.ask.meter.aggregation as Sized, row), Number(row.n));
}

async function addRaw(db: Database, raw: (TimeRange & { part: Part })[]): Promise<void> {
  const readings = new Map<string, { reading: RawReading; ranges: TimeRange[] }>();
  for (const range of raw) {
    const { meter, filters = {}, except = [], groupBy = [], events = false } = range.part.ask;
    const key = JSON.stringify([meter.no, filters, except, groupBy, events]);
    const known = readings.get(key);
    if (known) known.ranges.push(range);
    else readings.set(key, { reading: { meter, filters, except, groupBy, events }, ranges: [range] });
  }
  for (const { reading, ranges } of readings.values()) {
    for (const row of await readRaw(db, reading, ranges)) addRawRow(raw[row.ask]!.part, reading, row);
  }
}

function addRawRow(part: Part, reading: RawReading, row: RawRow): void {
  const group = Object.fromEntries(reading.groupBy.map((name, i) => [name, row.grouped[i] ?? null]));
  if (reading.meter.aggregation === "unique_count") {
    const tally = tallyOf(part, group);
    tally.held = tally.held.plus(decimal(row.held!));
    tally.eventCount += Number(row.n);
    return;
  }
  const tally = add(part, group, stateOf(reading.meter.aggregation, row), Number(row.n));
  if (row.events) tally.events = row.events.map((value) => decimal(value));
}

function add(part: Part, group: Group, state: AggregateState, eventCount: number): Tally {
  const tally = tallyOf(part, group);
  if (part.carries && state.of === "weighted_sum") {
    tally.carried = tally.carried.plus(state.sum);
    return tally;
  }
  tally.state = tally.state ? merge(tally.state, state) : state;
  tally.eventCount += eventCount;
  return tally;
}

function tallyOf({ tallies }: Part, group: Group): Tally {
  const key = groupKey(group);
  let tally = tallies.get(key);
  if (!tally) {
    tally = { group, state: null, held: ZERO, eventCount: 0, carried: ZERO, events: [] };
    tallies.set(key, tally);
  }
  return tally;
}

const NOTHING: Tally = { group: {}, state: null, held: ZERO, eventCount: 0, carried: ZERO, events: [] };

function answerOf(ask: QuantityAsk, tallies: Map<string, Tally>): QuantityAnswer {
  if ((ask.groupBy ?? []).length === 0) return [quantityOf(ask, "", tallies.get("") ?? NOTHING)];
  return [...tallies].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, tally]) => quantityOf(ask, key, tally));
}

function quantityOf(ask: QuantityAsk, key: string, tally: Tally): GroupQuantity {
  const { meter, start, end } = ask;
  const window = { startUs: start * 1_000, endUs: end * 1_000, carried: tally.carried };
  const value = meter.aggregation === "unique_count" ? tally.held : stateValue(tally.state ?? emptyState(meter.aggregation), window);
  return {
    key,
    group: tally.group,
    value: roundQuantity(value, meter.rounding),
    eventCount: tally.eventCount,
    ...(ask.events ? { events: tally.events } : {}),
  };
}
