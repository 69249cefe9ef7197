/**
 * Lives a year: the clock stops twice a day and at the end of each month, customers do at their stop what they do, and everything that falls due is run by
 * the engine as it would be in real time. Nothing here bills anything: it asks the API, and looks at the books.
 */
import { DAY, daysFromCivil, HOUR, plusMonths } from "../../billing/time/civil.ts";
import { formatInstant, type Instant } from "../../billing/time/instant.ts";
import type { Context } from "../../context.ts";
import { onPool } from "../../db/pool.ts";
import { advanceClock } from "../test-clock.ts";
import type { Api } from "./api.ts";
import { BEHAVIOURS } from "./behaviours.ts";
import { type MonthlyMoney, readMoney } from "./books.ts";
import { type Customer, customersOf, STOPS } from "./customers.ts";
import { type Recurring, readRecurring } from "./recurring.ts";
import { readStandings, type Standing } from "./standing.ts";
import { eventsBetween } from "./usage.ts";
import { visitOf } from "./visit.ts";

export interface YearInput {
  seed: number;
  tenants: number;
  months: number;
  clockId: string;
}

export interface Month extends Recurring, MonthlyMoney {
  start: Instant;
  end: Instant;
}

export interface Lived {
  months: Month[];
  events: number;
  /** Sent twice, and counted once. */
  duplicates: number;
}

export interface YearWatcher {
  /** `share` goes from 0 to 1. */
  onDay?(at: Instant, share: number, events: number): void;
  /** The clock stands at the end of the month; all that was due is done. */
  onMonth?(month: Month): Promise<void> | void;
  stopped?(): boolean;
}

/** The first simulated instant: a year like any other, so that the same seed is the same year whenever it is lived. */
export const YEAR_START: Instant = daysFromCivil(2025, 1, 1) * DAY;

/** `months` whole months. null: it was stopped. */
export async function liveYear(ctx: Context, api: Api, input: YearInput, watcher: YearWatcher = {}): Promise<Lived | null> {
  const { seed, clockId } = input;
  const customers = customersOf(seed, input.tenants, input.months);
  const lived: Lived = { months: [], events: 0, duplicates: 0 };
  const since = new Map<string, Instant>();
  const days = Math.round((monthStart(input.months) - YEAR_START) / DAY);
  let sentUntil = YEAR_START;

  const use = async (day: number, to: Instant) => {
    await advanceClock(ctx, { id: clockId, to: to - 1 });
    const events = customers.flatMap((customer) => {
      const from = since.get(customer.id);
      return from === undefined ? [] : eventsBetween(seed, customer, from, day, sentUntil, to);
    });
    sentUntil = to;
    for (let start = 0; start < events.length; start += BATCH) {
      const answer = await api("POST", "/v1/usage", events.slice(start, start + BATCH));
      lived.events += answer.accepted;
      lived.duplicates += answer.duplicates;
    }
    await advanceClock(ctx, { id: clockId, to });
  };

  for (let day = 0; day < days; day++) {
    const midnight = YEAR_START + day * DAY;
    for (const [stop, hour] of STOPS.entries()) {
      if (watcher.stopped?.()) return null;
      const now = midnight + hour * HOUR;
      await use(day, now);
      const here = customers.filter((customer) => customer.stop === stop && customer.signsUpOn <= day);
      await visitAll(ctx, api, { seed, clockId, day, now }, here);
      for (const customer of here) if (!since.has(customer.id)) since.set(customer.id, now);
    }
    const end = midnight + DAY;
    if (end === monthStart(lived.months.length + 1)) {
      await use(day, end);
      const start = monthStart(lived.months.length);
      const month = { start, end, ...(await readRecurring(ctx, clockId, start, end)), ...(await readMoney(ctx, clockId, start, end)) };
      lived.months.push(month);
      await watcher.onMonth?.(month);
    }
    watcher.onDay?.(end, (day + 1) / days, lived.events);
  }
  return lived;
}

const BATCH = 2_000;

function monthStart(index: number): Instant {
  const { year, month } = plusMonths({ year: 2025, month: 1, day: 1 }, index);
  return daysFromCivil(year, month, 1) * DAY;
}

/** One after the other, in the order of the list: numbers of invoices follow from it. */
async function visitAll(
  ctx: Context,
  api: Api,
  at: { seed: number; clockId: string; day: number; now: Instant },
  customers: readonly Customer[],
): Promise<void> {
  const db = onPool(ctx.pool);
  const standings = await readStandings(
    db,
    customers.map((customer) => customer.id),
  );
  for (const customer of customers) {
    const read = async () => (await readStandings(db, [customer.id])).get(customer.id) ?? NOBODY;
    const visit = visitOf({ ...at, customer, api, standing: standings.get(customer.id) ?? NOBODY, read });
    for (const behave of BEHAVIOURS) await behave(visit);
  }
}

const NOBODY: Standing = { subscription: null, unpaid: [], lastPaid: null };

/** Declares what is sold and makes the clock: from then on the year can be lived. */
export async function beginYear(api: Api, input: { seed: number; tenants: number; months: number; catalog: unknown }): Promise<string> {
  await api("PUT", "/v1/catalog", input.catalog);
  const name = `Simulated: seed ${input.seed}, ${input.tenants} tenants, ${input.months} months`;
  const clock = await api("POST", "/v1/test-clocks", { name, now: formatInstant(YEAR_START) });
  return clock.id;
}
