/** A forecast as it is answered: of the periods after those that are over. */
import { type Decimal, decimal, quotient } from "../billing/money/decimal.ts";
import { formatInstant } from "../billing/time/instant.ts";
import { forecast } from "./forecast.ts";
import { after, closed, type Window } from "./window.ts";

/** A week of days, a year of months. */
const SEASON = { day: 7, month: 12 } as const;
const STEPS = { day: 14, month: 3 } as const;

/** null: too little has happened to tell anything. `places` of what is told: 0 for money. */
export function forecastView(window: Window, values: readonly (Decimal | bigint)[], places: number) {
  const { granularity } = window;
  const over = closed(window, values);
  const told = forecast(over, SEASON[granularity], STEPS[granularity]);
  if (!told) return null;
  const next = window.periods[over.length - 1]!.end;
  return {
    method: told.method,
    error: told.mape,
    tested_periods: told.tested,
    periods: told.values.map((value, index) => ({
      period_start: formatInstant(after(next, granularity, index)),
      period_end: formatInstant(after(next, granularity, index + 1)),
      value: quotient(value, decimal("1"), places),
    })),
  };
}
