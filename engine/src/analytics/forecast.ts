/**
 * What comes next, told with its error. Several plain methods try to tell the past: each of the last periods from those before it, one step
 * ahead. The one that was wrong by least goes on, and its mean absolute percentage error is told beside it. Pure, and exact decimals: the same
 * series is the same forecast on every machine.
 */
import { type Decimal, decimal, quotient, ZERO } from "../billing/money/decimal.ts";

export type ForecastMethod = "last_value" | "drift" | "seasonal_naive" | "exponential_smoothing";

export interface Forecast {
  method: ForecastMethod;
  values: Decimal[];
  /** Of one step ahead, a share (0.05 is five per cent), over `tested` periods. */
  mape: Decimal;
  tested: number;
}

type Method = (series: readonly Decimal[], steps: number) => Decimal[];

const MIN_HISTORY = 4;
const MAX_TESTED = 12;
const PLACES = 6;
const ALPHAS = ["0.2", "0.4", "0.6", "0.8"].map((alpha) => decimal(alpha));
const WHOLE = decimal("1");

/** null: the past is too short (fewer than four periods since anything happened), or says nothing (all of it zero). */
export function forecast(values: readonly (Decimal | bigint)[], season: number, steps: number): Forecast | null {
  const series = values.map((value) => decimal(value));
  // What was before the first business is no past of it.
  const first = series.findIndex((value) => !value.eq(ZERO));
  const past = first < 0 ? [] : series.slice(first);
  if (past.length < MIN_HISTORY) return null;
  const tested = Math.min(MAX_TESTED, Math.floor(past.length / 2));
  let best: { method: ForecastMethod; run: Method; mape: Decimal; tested: number } | null = null;
  // Of those that are equally wrong, the plainest.
  for (const [method, run, needs] of methodsFor(season)) {
    if (past.length - tested < needs) continue;
    const error = errorOf(past, run, tested);
    if (error && (best === null || error.mape.lt(best.mape))) best = { method, run, ...error };
  }
  if (!best) return null;
  const { method, run, mape } = best;
  return { method, values: run(past, steps).map((value) => (value.lt(ZERO) ? ZERO : value)), mape, tested: best.tested };
}

function methodsFor(season: number): [ForecastMethod, Method, needs: number][] {
  return [
    ["last_value", lastValue, 1],
    ["drift", drift, 2],
    ["seasonal_naive", (series, steps) => seasonal(series, season, steps), season],
    ...ALPHAS.map((alpha): [ForecastMethod, Method, number] => [
      "exponential_smoothing",
      (series, steps) => smoothed(series, alpha, steps),
      2,
    ]),
  ];
}

/** Periods in which nothing happened are left out: an error is no share of zero. */
function errorOf(past: readonly Decimal[], run: Method, tested: number): { mape: Decimal; tested: number } | null {
  let sum = ZERO;
  let count = 0;
  for (let at = past.length - tested; at < past.length; at++) {
    const actual = past[at]!;
    if (actual.eq(ZERO)) continue;
    const [told] = run(past.slice(0, at), 1);
    sum = sum.plus(quotient(told!.minus(actual).abs(), actual.abs(), PLACES));
    count += 1;
  }
  return count === 0 ? null : { mape: quotient(sum, decimal(count), 4), tested: count };
}

function lastValue(series: readonly Decimal[], steps: number): Decimal[] {
  return Array.from({ length: steps }, () => series.at(-1)!);
}

/** On from the last value by what a period has brought on average. */
function drift(series: readonly Decimal[], steps: number): Decimal[] {
  const last = series.at(-1)!;
  const step = quotient(last.minus(series[0]!), decimal(Math.max(1, series.length - 1)), PLACES);
  return Array.from({ length: steps }, (_, index) => last.plus(step.times(decimal(index + 1))));
}

/** As it was a season ago. */
function seasonal(series: readonly Decimal[], season: number, steps: number): Decimal[] {
  return Array.from({ length: steps }, (_, index) => series[series.length - season + (index % season)]!);
}

function smoothed(series: readonly Decimal[], alpha: Decimal, steps: number): Decimal[] {
  const level = series
    .slice(1)
    .reduce((before, value) => quotient(alpha.times(value).plus(WHOLE.minus(alpha).times(before)), WHOLE, PLACES), series[0]!);
  return Array.from({ length: steps }, () => level);
}
