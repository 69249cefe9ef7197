/**
 * Burn-down over phases, as the cases of OpenMeter describe it, walked with our own rules: which grants are active (`isActiveAt`), in which
 * order they burn (`byBurnOrder`), how much of each (`burn`), and what a reset keeps (`rolledOver`). What the cases add stands here: overage that is
 * carried on, and grants that recur.
 */
import { burn } from "../../src/billing/credits/burn.ts";
import { byBurnOrder, effectiveWindow, type Grant, isActiveAt } from "../../src/billing/credits/grant.ts";
import { rolledOver } from "../../src/billing/credits/rollover.ts";
import { type Decimal, decimal, ZERO } from "../../src/billing/money/decimal.ts";
import { intervalOf, parseDuration } from "../../src/billing/time/duration.ts";
import { type Instant, parseInstant } from "../../src/billing/time/instant.ts";
import { nextOccurrence } from "../../src/billing/time/recurrence.ts";
import type { Fields } from "./case.ts";

const MINUTE = 60_000;

interface Running extends Grant {
  amount: Decimal;
  min: Decimal;
  max: Decimal;
  recurs: ReadonlySet<Instant>;
}

export interface Segment {
  from: Instant;
  to: Instant;
  rollover: boolean;
  startBalances: Record<string, string>;
  startTotal: string;
  overageAtStart: string;
  usage: string;
}

export interface Burndown {
  balances: Record<string, string>;
  totalBalance: string;
  overage: string;
  usageSinceReset: string;
  grantUsage: string;
  segments: Segment[];
}

const at = (text: string): Instant => parseInstant(text)!;
const floor = (instant: Instant): Instant => Math.floor(instant / MINUTE) * MINUTE;

function runningOf(input: Fields, grant: Fields): Running {
  const ends = [grant.expiresAt, grant.deletedAt, grant.voidedAt].map((text) => (text == null ? null : floor(at(text))));
  const { from, to } = effectiveWindow(floor(at(grant.effectiveAt)), ends);
  const interval = grant.recurrence && intervalOf(parseDuration(grant.recurrence.interval)!);
  const recurs: Instant[] = [];
  if (interval) {
    const recurrence = { anchor: at(grant.recurrence.anchor), interval, timeZone: "UTC" };
    let next = nextOccurrence(recurrence, at(input.start), "inclusive");
    for (; next <= at(input.until); next = nextOccurrence(recurrence, next, "exclusive")) recurs.push(next);
  }
  return {
    id: grant.id,
    priority: grant.priority,
    createdAt: grant.createdAt === undefined ? 0 : at(grant.createdAt),
    effectiveAt: from,
    expiresAt: to,
    amount: decimal(grant.amount),
    remaining: decimal(grant.balanceAtStart),
    min: decimal(grant.resetMinRollover ?? 0),
    max: decimal(grant.resetMaxRollover ?? 0),
    recurs: new Set(recurs),
  };
}

export function walk(input: Fields): Burndown {
  const [start, until] = [at(input.start), at(input.until)];
  const grants = (input.grants as Fields[]).map((grant) => runningOf(input, grant));
  const resets = new Set(((input.resets ?? []) as string[]).map(at));
  const inside = (instant: Instant | null): instant is Instant => instant !== null && instant > start && instant < until;
  const cuts = grants.flatMap((grant) => [grant.effectiveAt, grant.expiresAt, ...grant.recurs]).filter(inside);
  const bounds = [...new Set([start, ...cuts, ...[...resets].filter((reset) => reset < until), until])].sort((a, b) => a - b);
  const state = { overage: decimal(input.overageAtStart ?? 0), since: decimal(input.usageSinceResetAtStart ?? 0), granted: ZERO };
  const segments: Segment[] = [];

  const open = (from: Instant, first: boolean): void => {
    for (const grant of grants) {
      if (!isActiveAt(grant, from)) grant.remaining = ZERO;
      else if ((grant.effectiveAt === from && !first) || grant.recurs.has(from)) grant.remaining = grant.amount;
    }
  };
  const reset = (from: Instant): void => {
    for (const grant of grants)
      if (isActiveAt(grant, from)) grant.remaining = rolledOver(grant.remaining, { min: grant.min, max: grant.max });
    const owed = input.preserveOverage ? state.overage : ZERO;
    state.overage = ZERO;
    state.since = ZERO;
    state.granted = ZERO;
    spend(owed, from);
    segments.push({ ...opening(from, from), rollover: true, usage: "0" });
  };
  const spend = (amount: Decimal, from: Instant): void => {
    const { parts, missing } = burn(grants.filter((grant) => isActiveAt(grant, from)).sort(byBurnOrder), amount);
    for (const part of parts) {
      const grant = grants.find((one) => one.id === part.grantId)!;
      grant.remaining = grant.remaining.minus(part.amount);
      state.granted = state.granted.plus(part.amount);
    }
    state.overage = missing;
  };
  const opening = (from: Instant, to: Instant): Omit<Segment, "rollover" | "usage"> => ({
    from,
    to,
    startBalances: balancesOf(grants),
    startTotal: total(grants),
    overageAtStart: state.overage.toFixed(),
  });
  const phase = (from: Instant, to: Instant): void => {
    const usage = (input.usage as { at: string; value: number }[])
      .filter((event) => at(event.at) >= from && at(event.at) < to)
      .reduce((sum, event) => sum.plus(decimal(event.value)), ZERO);
    segments.push({ ...opening(from, to), rollover: false, usage: usage.toFixed() });
    state.since = state.since.plus(usage);
    spend(state.overage.plus(usage), from);
  };

  for (let i = 0; i < Math.max(bounds.length - 1, 1); i++) {
    const [from, to] = [bounds[i]!, bounds[i + 1] ?? until];
    open(from, i === 0);
    if (resets.has(from)) reset(from);
    phase(from, to);
  }
  if (until > start) {
    for (const grant of grants) if (grant.recurs.has(until) && isActiveAt(grant, until)) grant.remaining = grant.amount;
    if (resets.has(until)) {
      open(until, false);
      reset(until);
      phase(until, until);
    }
  }
  return {
    balances: balancesOf(grants),
    totalBalance: total(grants),
    overage: state.overage.toFixed(),
    usageSinceReset: state.since.toFixed(),
    grantUsage: state.granted.toFixed(),
    segments,
  };
}

function balancesOf(grants: readonly Running[]): Record<string, string> {
  return Object.fromEntries(grants.map((grant) => [grant.id, grant.remaining.toFixed()]));
}

function total(grants: readonly Running[]): string {
  return grants.reduce((sum, grant) => sum.plus(grant.remaining), ZERO).toFixed();
}
