/**
 * Whether a day's use is unlike the days before it: a robust score, which single wild days of the past cannot spoil. The median of the days of
 * the same kind (working days, or weekends), and the median of how far each of them lies from it (MAD); the score is how many of those away the
 * day is, times 0.6745, so that it reads as standard deviations where use is normally distributed. Pure.
 */
import { type Decimal, decimal, quotient, ZERO } from "../billing/money/decimal.ts";

export interface Baseline {
  median: Decimal;
  mad: Decimal;
  /** How many days it was made of. */
  days: number;
}

export interface Tuning {
  sensitivity: string;
  ratio: string;
  minimum_days: number;
}

const NORMAL = decimal("0.6745");
/** Who uses exactly as much every day has a MAD of nothing; from a twentieth of the median on, a distance says something. */
const LEAST = decimal("0.05");

export function scoreOf(value: Decimal, { median, mad }: Baseline): Decimal {
  const floor = median.times(LEAST);
  const spread = mad.gt(floor) ? mad : floor;
  return spread.eq(ZERO) ? ZERO : quotient(value.minus(median).times(NORMAL), spread, 2);
}

/**
 * `whole`: the day is over. One that still runs can be too much already, but not too little. What is used on fewer than half of the days, so that the
 * median is nothing, is not judged.
 */
export function judge(value: Decimal, whole: boolean, base: Baseline, tuning: Tuning): "high" | "low" | null {
  if (base.days < tuning.minimum_days || base.median.lte(ZERO)) return null;
  const score = scoreOf(value, base);
  const limit = decimal(tuning.sensitivity);
  const ratio = decimal(tuning.ratio);
  if (score.gte(limit) && value.gte(base.median.times(ratio))) return "high";
  if (whole && score.lte(limit.times(decimal("-1"))) && value.times(ratio).lte(base.median)) return "low";
  return null;
}
