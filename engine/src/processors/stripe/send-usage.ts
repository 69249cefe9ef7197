/**
 * Sends the outbox to Stripe's meters, in batches, each event under its identifier: however often it is sent, it is counted once. What Stripe
 * takes no more, for it is too old, is refused here with a word on the tenant's timeline.
 */

import { ENGINE } from "../../auth/principal.ts";
import { formatInstant } from "../../billing/time/instant.ts";
import { commit } from "../../commit.ts";
import type { Context } from "../../context.ts";
import { onPlatform } from "../../db/pool.ts";
import { wordsOf } from "../../errors.ts";
import { StripeRefusal } from "../../gateways/stripe/client.ts";
import { claimMeterEvents, finishMeterEvents, type Sent, type WaitingEvent } from "./meter-store.ts";
import type { StripeParts } from "./parts.ts";

const LEASE_MS = 120_000;
const BATCH = 200;
/** Calls at once: Stripe takes a thousand a second. */
const LANES = 10;
const OLDEST_MS = 35 * 86_400_000;
const FIRST_WAIT_MS = 5_000;
const LONGEST_WAIT_MS = 600_000;

/** Answers how many were sent. */
export async function sendUsage(ctx: Context, { client }: StripeParts): Promise<number> {
  let sent = 0;
  for (;;) {
    const now = ctx.clock.now();
    const rows = await claimMeterEvents(ctx.pool, now, now + LEASE_MS, BATCH);
    if (rows.length === 0) return sent;
    const done: Sent[] = [];
    const left = [...rows];
    const lane = async () => {
      for (let row = left.shift(); row; row = left.shift()) done.push(await send(ctx, client, row));
    };
    await Promise.all(Array.from({ length: LANES }, lane));
    const refused = done.filter(({ status }) => status === "refused");
    const accepted = done.filter(({ status }) => status !== "refused");
    await finishMeterEvents(onPlatform(ctx.pool), accepted, ctx.clock.now());
    for (const tenantId of new Set(refused.map(({ row }) => row.tenant_id)))
      await refuse(
        ctx,
        tenantId,
        refused.filter(({ row }) => row.tenant_id === tenantId),
      );
    sent += accepted.filter(({ status }) => status === "sent").length;
    // Stripe is away: what is left waits for the next run.
    if (done.every(({ status }) => status === "waiting")) return sent;
  }
}

async function send(ctx: Context, client: StripeParts["client"], row: WaitingEvent): Promise<Sent> {
  const now = ctx.clock.now();
  if (row.at < now - OLDEST_MS)
    return { row, status: "refused", error: "It is more than 35 days old, which Stripe takes no more.", nextAt: now };
  try {
    await client.call("billing.meter_events.create", "billing.meter_event", (stripe) =>
      stripe.billing.meterEvents.create(
        {
          event_name: row.event_name,
          identifier: row.identifier,
          timestamp: Math.floor(row.at / 1_000),
          payload: { stripe_customer_id: row.customer, value: row.value },
        },
        { idempotencyKey: row.identifier },
      ),
    );
    return { row, status: "sent", error: null, nextAt: now };
  } catch (error) {
    const message = wordsOf(error);
    if (error instanceof StripeRefusal) {
      // It was counted before: the answer to it was lost.
      const known = /duplicate|already exists with identifier/i.test(`${error.code} ${message}`);
      return { row, status: known ? "sent" : "refused", error: known ? null : message, nextAt: now };
    }
    return {
      row,
      status: "waiting",
      error: message,
      nextAt: now + Math.min(FIRST_WAIT_MS * 2 ** Math.min(row.attempts, 12), LONGEST_WAIT_MS),
    };
  }
}

/** What Stripe will not bill is said, once. */
async function refuse(ctx: Context, tenantId: string, refused: readonly Sent[]): Promise<void> {
  await commit(ctx, { principal: ENGINE, tenantId, source: "stripe" }, async (tx) => {
    const mine = new Set(await finishMeterEvents(tx, refused, ctx.clock.now()));
    const said = refused.filter(({ row }) => mine.has(row.id));
    const [first] = said;
    if (!first) return;
    tx.emit({
      type: "usage.refused",
      tenantId,
      subject: null,
      summary: `${said.length === 1 ? "A usage event was" : `${said.length} usage events were`} not taken by Stripe, and will not be billed there: ${first.error}`,
      data: {
        processor: "stripe",
        events: said
          .slice(0, 20)
          .map(({ row, error }) => ({ meter: row.event_name, identifier: row.identifier, at: formatInstant(row.at), reason: error })),
        count: said.length,
      },
    });
  });
}
