/**
 * Time travel in the sandbox: moves a test clock, and runs all that falls due on the way, in order, as the sweeps would
 * have run it: at each due instant renewals first, then what they made to be collected.
 */
import { ENGINE } from "../auth/principal.ts";
import { expireDue } from "../billing/credits/expire.ts";
import { nextExpiry } from "../billing/credits/expiry-store.ts";
import { nextRuleDue } from "../billing/credits/top-up-rule-store.ts";
import { nextTopUp } from "../billing/credits/top-up-store.ts";
import { nextRetry } from "../billing/invoices/dunning-store.ts";
import { retryDue } from "../billing/invoices/retry.ts";
import { topUpDue } from "../billing/invoices/top-up.ts";
import { collectDue } from "../billing/payments/collect.ts";
import { refundDue } from "../billing/payments/give-back.ts";
import { countUnderway } from "../billing/payments/store.ts";
import { nextFreeDue } from "../billing/subscriptions/free-credit-store.ts";
import { renewDue } from "../billing/subscriptions/renew.ts";
import { nextDue } from "../billing/subscriptions/store.ts";
import { grantFreeDue } from "../billing/subscriptions/sweep-free-credits.ts";
import { formatInstant, type Instant } from "../billing/time/instant.ts";
import { sleep } from "../clock.ts";
import { commit } from "../commit.ts";
import type { Context } from "../context.ts";
import { onPool } from "../db/pool.ts";
import { Refusal } from "../errors.ts";
import { findClock, lockForAdvance, setClock } from "./store.ts";

const DAY = 86_400_000;

export interface Advanced {
  id: string;
  now: Instant;
  ran: { renewals: number; invoices: number; payments: number };
}

export type OnProgress = (now: Instant) => void;

/** Answers when everything up to `to` has been done. A second advance of the same clock meanwhile is a 409. */
export async function advanceClock(ctx: Context, input: { id: string; to: Instant }, onProgress?: OnProgress): Promise<Advanced> {
  const release = await lockForAdvance(ctx.pool, input.id);
  if (!release) throw new Refusal("conflict", "This test clock is being advanced already; wait until that is done.");
  try {
    return await advance(ctx, input, onProgress);
  } finally {
    await release();
  }
}

async function advance(ctx: Context, { id, to }: { id: string; to: Instant }, onProgress?: OnProgress): Promise<Advanced> {
  const db = onPool(ctx.pool);
  const clock = await findClock(db, id);
  if (!clock) throw new Refusal("not_found", "There is no such test clock.");
  if (to < clock.now_at) {
    throw new Refusal("invalid_request", `to: lies before the clock's ${formatInstant(clock.now_at)}; a clock only goes forward.`, {
      faults: [{ path: "to", message: `lies before the clock's ${formatInstant(clock.now_at)}` }],
    });
  }
  const ran = { renewals: 0, invoices: 0, payments: 0 };
  // Most steps of a clock find nothing due: only where something is are invoices counted.
  let before: number | null = null;
  for (;;) {
    ran.payments += await collectAll(ctx, id);
    // What was bought may not have been enough, or may have failed: only what is to be bought now.
    if ((await topUpDue(ctx, { now: (await findClock(db, id))!.now_at, testClockId: id })) > 0) continue;
    const renewal = await nextDue(db, id);
    const retry = await nextRetry(db, id);
    const warnMs = ctx.config.credits.expiryWarningDays * DAY;
    const expiry = await nextExpiry(db, id, warnMs);
    const free = await nextFreeDue(db, id);
    const due = earliest(renewal, retry, expiry, free, await nextTopUpOf(ctx, id));
    if (due === null || due > to) break;
    // What was overdue before the clock was moved is done at the clock's own instant, never in its past.
    const now = Math.max(due, (await findClock(db, id))!.now_at);
    await moveTo(ctx, id, now);
    before ??= await countInvoices(ctx, id);
    if (renewal !== null && renewal <= now) ran.renewals += await renewDue(ctx, { now, testClockId: id });
    if (retry !== null && retry <= now) await retryDue(ctx, { now, testClockId: id });
    if (free !== null && free <= now) await grantFreeDue(ctx, { now, testClockId: id });
    if (expiry !== null && expiry <= now) await expireDue(ctx, { now, testClockId: id });
    onProgress?.(now);
  }
  await moveTo(ctx, id, to);
  while ((await topUpDue(ctx, { now: to, testClockId: id })) > 0) ran.payments += await collectAll(ctx, id);
  if (before !== null) ran.invoices = (await countInvoices(ctx, id)) - before;
  return { id, now: to, ran };
}

function earliest(...instants: (Instant | null)[]): Instant | null {
  const known = instants.filter((instant) => instant !== null);
  return known.length === 0 ? null : Math.min(...known);
}

/** After the clock's now: what is due at it is tried by now. */
async function nextTopUpOf(ctx: Context, id: string): Promise<Instant | null> {
  const db = onPool(ctx.pool);
  const now = (await findClock(db, id))!.now_at;
  return earliest(await nextTopUp(db, id, now), await nextRuleDue(db, id, now));
}

async function moveTo(ctx: Context, id: string, now: Instant): Promise<void> {
  await commit(ctx, { principal: ENGINE, now }, (tx) => setClock(tx, id, now));
}

// A worker may hold some of the attempts; the clock waits for it, so that nothing of this instant happens in the next.
async function collectAll(ctx: Context, testClockId: string): Promise<number> {
  let done = 0;
  for (;;) {
    done += await collectDue(ctx, { testClockId });
    await refundDue(ctx, { testClockId });
    if ((await countUnderway(ctx.pool, testClockId)) === 0) return done;
    await sleep(20);
  }
}

async function countInvoices(ctx: Context, testClockId: string): Promise<number> {
  const [row] = await onPool(ctx.pool).query<{ n: number }>(
    "/* all tenants: of one test clock */ select count(*)::int as n from invoices where test_clock_id = $1",
    [testClockId],
  );
  return row!.n;
}
