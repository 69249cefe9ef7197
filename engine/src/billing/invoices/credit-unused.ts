/**
 * Gives back what was paid in advance for time that is not served, by credit notes on the invoices that sold it (domain §5.6): as money
 * where money was paid, else off what is due, else to the balance.
 */
import type { Tx } from "../../commit.ts";
import type { Period } from "../time/period.ts";
import type { CreditPart } from "./credit.ts";
import { creditInvoice } from "./credit-invoice.ts";
import { creditedLines, lockSold } from "./credit-store.ts";
import type { DraftLine } from "./invoice.ts";
import { readPending } from "./pending-store.ts";
import { returnsOf, type SoldLine } from "./unused.ts";

export interface UnusedTime {
  tenantId: string;
  subscriptionId: string;
  /** The billing period that ends before its time, whole. */
  period: Period;
  /** What its prices give back, as the lines of a change say it: below zero. */
  credits: readonly DraftLine[];
}

export interface GivenBack {
  /** What stays for the last invoice: of what waits for that, and of what no issued invoice could give back. */
  lines: DraftLine[];
  /** What notes gave back, as lines that are on no invoice. */
  noted: DraftLine[];
}

export async function creditUnused(tx: Tx, { tenantId, subscriptionId, period, credits }: UnusedTime): Promise<GivenBack> {
  const sold = await lockSold(tx, { tenantId, subscriptionId, period });
  const invoices = new Map(sold.map((row) => [row.invoice_id, row]));
  const before = new Map<string, CreditPart>();
  for (const id of invoices.keys()) for (const [line, part] of await creditedLines(tx, { id, tenant_id: tenantId })) before.set(line, part);
  const lines: SoldLine[] = sold.map((row) => ({
    id: row.id,
    invoiceId: row.invoice_id,
    priceKey: row.price_key,
    amount: row.amount,
    discount: row.discount,
    taxes: row.taxes,
    before: before.get(row.id),
  }));
  // What waits for the last invoice is not charged first and given back then.
  let waiting = await waitingFor(tx, { tenantId, subscriptionId, period });
  const asked = credits.map((line) => {
    const noted = lines.reduce((sum, { priceKey, before: part }) => (priceKey === line.priceKey ? sum + (part?.amount ?? 0n) : sum), 0n);
    // Notes that somebody made of the period before gave a part of it back already.
    const whole = -line.amount > noted ? -line.amount - noted : 0n;
    const kept = whole < waiting ? whole : waiting;
    waiting -= kept;
    return { line, whole, kept };
  });
  const { notes, rest } = returnsOf(
    asked.map(({ line, whole, kept }) => ({ priceKey: line.priceKey ?? "", amount: whole - kept })),
    lines,
    new Map([...invoices].map(([id, row]) => [id, row.total - row.credited])),
  );
  for (const { invoiceId, lines: parts } of notes)
    await creditInvoice(tx, { invoiceId, tenantId, lines: parts, settle: "refund", always: true, reason: "Unused time" });
  return {
    lines: asked.flatMap(({ line, kept }, index) => creditOf(line, kept + rest[index]!)),
    noted: asked.flatMap(({ line, kept }, index) => creditOf(line, -line.amount - kept - rest[index]!)),
  };
}

async function waitingFor(tx: Tx, { tenantId, subscriptionId, period }: Omit<UnusedTime, "credits">): Promise<bigint> {
  const pending = (await readPending(tx, [{ tenantId, subscriptionId }])).get(subscriptionId) ?? [];
  const net = pending.filter((line) => line.period.end === period.end).reduce((sum, line) => sum + line.amount, 0n);
  return net > 0n ? net : 0n;
}

/** A part of a credit line; what the rest of it is given back by was billed no more. */
function creditOf(line: DraftLine, amount: bigint): DraftLine[] {
  if (amount <= 0n) return [];
  const elsewhere = -line.amount - amount;
  const { billed_before, ...explain } = line.explain as { billed_before: bigint } & Record<string, unknown>;
  return [
    {
      ...line,
      amount: -amount,
      explain: { ...explain, billed_before: billed_before - elsewhere, ...(elsewhere > 0n ? { given_back_by_notes: elsewhere } : {}) },
    },
  ];
}
