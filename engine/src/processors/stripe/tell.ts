/**
 * Reactions that have Stripe told: of money that was collected here for an invoice of its; of invoices of ours that are to be seen there, of
 * what then becomes of them, and of the balance.
 */
import { entriesOf } from "../../billing/invoices/balance.ts";
import { findInvoice } from "../../billing/invoices/store.ts";
import type { Tx } from "../../commit.ts";
import type { AppendedEvent } from "../../events/append.ts";
import { hasNotice, insertNotice, type NoticeRow, readProviderSync } from "./notice-store.ts";

interface About {
  tenantId: string;
  invoice: string;
}

/** Which invoice the event is about; null: of none, or there is no Stripe. */
function aboutOf(tx: Tx, { tenantId, data }: AppendedEvent): About | null {
  const { invoice } = data;
  if (tenantId === null || typeof invoice !== "string" || tx.ctx.processors.outside("stripe") === null) return null;
  return { tenantId, invoice };
}

/** Reaction to `invoice.paid`. What Stripe reported itself it knows. */
export async function tellPaid(tx: Tx, event: AppendedEvent): Promise<void> {
  const about = aboutOf(tx, event);
  if (!about || event.source === "stripe") return;
  const invoice = await findInvoice(tx, about.invoice, about.tenantId);
  if (invoice?.processor === "stripe" || (invoice && (await isShown(tx, about)))) await notice(tx, about, "paid");
}

/** Reaction to `invoice.finalized`: the engine's own are shown at Stripe where that is wished; one that gives back is balance. */
export async function tellIssued(tx: Tx, event: AppendedEvent): Promise<void> {
  const about = aboutOf(tx, event);
  if (!about || !(await isSynced(tx, about.tenantId))) return;
  const invoice = await findInvoice(tx, about.invoice, about.tenantId);
  if (invoice?.processor !== "engine") return;
  if (invoice.total > 0n) await notice(tx, about, "mirror");
  else await tellEntries(tx, about.tenantId, about.invoice);
}

/** Reaction to `invoice.voided`. The balance that it had used comes back there by itself. */
export async function tellVoided(tx: Tx, event: AppendedEvent): Promise<void> {
  const about = aboutOf(tx, event);
  if (about && (await isShown(tx, about))) await notice(tx, about, "void");
}

/** Reaction to `invoice.marked_uncollectible`. */
export async function tellUncollectible(tx: Tx, event: AppendedEvent): Promise<void> {
  const about = aboutOf(tx, event);
  if (about && event.source !== "stripe" && (await isShown(tx, about))) await notice(tx, about, "uncollectible");
}

/** Reaction to `invoice.credited`. */
export async function tellCredited(tx: Tx, event: AppendedEvent): Promise<void> {
  const about = aboutOf(tx, event);
  if (!about) return;
  const { credit_note: note } = event.data;
  if (await isShown(tx, about)) {
    if (typeof note === "string") await notice(tx, about, "credit_note", note);
  } else if (await isSynced(tx, about.tenantId)) await tellEntries(tx, about.tenantId, about.invoice);
}

/** Reaction to what leaves money in the balance: more than was due, a refund that failed, money that is kept. */
export async function tellBalance(tx: Tx, event: AppendedEvent): Promise<void> {
  const { tenantId, data, subject } = event;
  if (tenantId === null || tx.ctx.processors.outside("stripe") === null || !(await isSynced(tx, tenantId))) return;
  const source = event.type === "payment.kept" ? subject : data.invoice;
  if (typeof source === "string") await tellEntries(tx, tenantId, source);
}

/** What an invoice used, and what came back of one that is void, Stripe does itself; so it does with the credit note of one that is shown there. */
async function tellEntries(tx: Tx, tenantId: string, source: string): Promise<void> {
  const about = { tenantId, invoice: source };
  const shown = await isShown(tx, about);
  for (const entry of await entriesOf(tx, tenantId, source)) {
    if (entry.kind === "applied" || entry.kind === "returned" || (entry.kind === "credit_note" && shown)) continue;
    await notice(tx, about, "balance", entry.id.toString());
  }
}

async function isSynced(tx: Tx, tenantId: string): Promise<boolean> {
  return ((await readProviderSync(tx, tenantId)) ?? tx.ctx.config.providerSync) === "invoices";
}

function isShown(tx: Tx, { tenantId, invoice }: About): Promise<boolean> {
  return hasNotice(tx, invoice, tenantId, "mirror");
}

async function notice(tx: Tx, { tenantId, invoice }: About, kind: NoticeRow["kind"], subject = ""): Promise<void> {
  if (await insertNotice(tx, { tenant_id: tenantId, invoice_id: invoice, kind, subject }, tx.ctx.clock.now()))
    tx.enqueue({ name: "processor-due", key: "processor-due" });
}
