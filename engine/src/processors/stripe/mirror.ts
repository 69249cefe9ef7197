/**
 * Takes over what happened at Stripe: reads anew, then goes step by step from what is stored to what was seen, each step a write of its own.
 * The link's version fences it: noted before the reading, moved by each step, so that what was read earlier never undoes what was read later.
 */

import { ENGINE } from "../../auth/principal.ts";
import type { Report } from "../../billing/subscriptions/processor.ts";
import { findById } from "../../billing/subscriptions/store.ts";
import { commit } from "../../commit.ts";
import type { Context } from "../../context.ts";
import { onPlatform } from "../../db/pool.ts";
import { record } from "../../gateways/stripe/record.ts";
import { adopt } from "./adopt.ts";
import { applyStep } from "./apply-step.ts";
import { linesOf } from "./bill-lines.ts";
import { type Fetched, fetchSubscription } from "./fetch.ts";
import { subscriptionOf } from "./invoice-shape.ts";
import type { StripeParts } from "./parts.ts";
import { type Sold, soldBy } from "./parts.ts";
import { soldAs } from "./price-book.ts";
import { refuseUsage } from "./refuse-usage.ts";
import type { Seen } from "./seen.ts";
import { nextStep } from "./steps.ts";
import { advanceLink, findLink, finishLink, knownBills, type LinkRow, locateLink, overBills } from "./store.ts";

/** Somebody else took a step meanwhile: what was read is old. */
class Outdated extends Error {}

const MOST_READS = 8;
const MOST_STEPS = 500;

export async function mirror(ctx: Context, parts: StripeParts, report: Report): Promise<Mirrored> {
  if (report.refusedUsage !== undefined) return refuseUsage(ctx, parts, report.refusedUsage);
  const reference = await subscriptionIn(ctx, parts, report);
  if (reference === null) return "It is of no subscription.";
  return joined(parts, reference, report, (all) => readAndWalk(ctx, parts, reference, all));
}

type Mirrored = { tenantId: string } | string;
type Asked = Pick<Report, "trialEnding" | "money">;

interface Lane {
  running: Promise<unknown>;
  /** Waits for the one that runs; whoever comes meanwhile joins it, for it reads after they asked. */
  waiting: { asked: Asked; done: Promise<Mirrored> } | null;
}
const lanes = new WeakMap<StripeParts, Map<string, Lane>>();

/** Of what one process is told of a subscription at the same time, one is read, and then one for all the others. */
function joined(parts: StripeParts, reference: string, report: Asked, read: (asked: Asked) => Promise<Mirrored>): Promise<Mirrored> {
  let own = lanes.get(parts);
  if (!own) {
    own = new Map();
    lanes.set(parts, own);
  }
  const lane = own.get(reference);
  if (!lane) {
    const fresh: Lane = { running: Promise.resolve(), waiting: null };
    own.set(reference, fresh);
    return run(own, reference, fresh, read(report));
  }
  if (lane.waiting) {
    const { asked } = lane.waiting;
    lane.waiting.asked = { trialEnding: asked.trialEnding || report.trialEnding === true, money: asked.money || report.money === true };
    return lane.waiting.done;
  }
  const waiting: NonNullable<Lane["waiting"]> = { asked: { ...report }, done: Promise.resolve("") };
  waiting.done = lane.running.then(() => {
    lane.waiting = null;
    return run(own, reference, lane, read(waiting.asked));
  });
  lane.waiting = waiting;
  return waiting.done;
}

function run(own: Map<string, Lane>, reference: string, lane: Lane, reading: Promise<Mirrored>): Promise<Mirrored> {
  lane.running = reading.then(
    () => undefined,
    () => undefined,
  );
  void lane.running.then(() => {
    if (lane.waiting === null) own.delete(reference);
  });
  return reading;
}

async function readAndWalk(ctx: Context, parts: StripeParts, reference: string, report: Asked): Promise<Mirrored> {
  for (let reads = 0; reads < MOST_READS; reads++) {
    const link = await locateLink(ctx.pool, "reference", reference);
    const over = link && !link.unfinished && !report.money ? await overBills(onPlatform(ctx.pool), link) : new Set<string>();
    const fetched = await fetchSubscription(parts.client, reference, (invoice) => over.has(invoice));
    const known = link ?? (await adopt(ctx, parts, fetched.subscription));
    if (typeof known === "string") return known;
    try {
      await walk(ctx, known, fetched, report.trialEnding === true);
      return { tenantId: known.tenant_id };
    } catch (error) {
      if (!(error instanceof Outdated)) throw error;
    }
  }
  throw new Error(`The subscription ${reference} changes too often to be read.`);
}

/** Reads and takes over one that is linked already. */
export async function mirrorLink(ctx: Context, parts: StripeParts, link: LinkRow): Promise<void> {
  if (link.reference !== null) await mirror(ctx, parts, { subscription: link.reference, invoice: null, money: true });
}

async function walk(ctx: Context, link: LinkRow, fetched: Fetched, warned: boolean): Promise<void> {
  const sold = await soldBy(ctx);
  const seen = seenAs(fetched, sold);
  const references = fetched.bills.map((bill) => bill.reference);
  const { reference, customer } = fetched.subscription;
  let { version } = link;
  for (let steps = 0; steps < MOST_STEPS; steps++) {
    const step = await commit(ctx, { principal: ENGINE, tenantId: link.tenant_id, source: "stripe" }, async (tx) => {
      const current = await findLink(tx, link.subscription_id, link.tenant_id, true);
      if (current?.version !== version) throw new Outdated();
      const row = await findById(tx, link.tenant_id, link.subscription_id, true);
      if (!row) throw new Error(`the subscription ${link.subscription_id} is not there`);
      const known = { row, bills: await knownBills(tx, link.tenant_id, references) };
      const next = nextStep(known, seen, warned);
      if (next === null) {
        if (current.unfinished) await finishLink(tx, current);
        return null;
      }
      await applyStep(tx, next, known, seen, (bill) => linesOf(bill.lines, sold.book, sold.plans, bill.currency));
      await advanceLink(tx, { ...current, reference, customer });
      return next;
    });
    if (step === null) return;
    version += 1n;
  }
  throw new Error(`The subscription ${reference} came to no end.`);
}

function seenAs({ subscription, bills }: Fetched, { book, plans }: Sold): Seen {
  const terms = soldAs(book, subscription.items, plans);
  return { subscription, bills, terms: terms && { plan: terms.plan, seats: terms.seats } };
}

/** By its own name, by an invoice that is known here, or by asking Stripe for what is named. */
async function subscriptionIn(ctx: Context, { client }: StripeParts, report: Report): Promise<string | null> {
  const { subscription, invoice, charge = null, customer = null } = report;
  if (subscription !== null) return subscription;
  const known = invoice === null ? null : await locateLink(ctx.pool, "invoice", invoice);
  const paid = known ?? (charge === null ? null : await locateLink(ctx.pool, "charge", charge));
  if (paid?.reference) return paid.reference;
  if (invoice !== null) {
    const asked = await client.call("invoices.retrieve", "invoice", (stripe) => stripe.invoices.retrieve(invoice));
    return subscriptionOf(record(asked));
  }
  // A charge that is not known here yet: whatever its customer has is looked at.
  return customer === null ? null : ((await locateLink(ctx.pool, "customer", customer))?.reference ?? null);
}
