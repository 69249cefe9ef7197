/** What an invoice is, and the only moves between its states. */
import { Refusal } from "../../errors.ts";
import type { Decimal } from "../money/decimal.ts";
import type { Period } from "../time/period.ts";

export type InvoiceStatus = "draft" | "open" | "paid" | "void" | "uncollectible";

const MOVES: Readonly<Record<InvoiceStatus, readonly InvoiceStatus[]>> = {
  draft: ["open", "paid", "void"],
  open: ["paid", "void", "uncollectible"],
  uncollectible: ["paid"],
  // The payer's bank took the money back (`settle-dispute.ts`): it is owed again.
  paid: ["open"],
  void: [],
};

/** Throws `invalid_state`, naming the state, where the move is none of the table. */
export function assertMove(from: InvoiceStatus, to: InvoiceStatus): void {
  if (!MOVES[from].includes(to))
    throw new Refusal("invalid_state", `The invoice is ${from}, so it cannot become ${to}.`, { extra: { state: from } });
}

/**
 * Why an invoice was made: `start` of a subscription (what is paid in advance), `period` (a period closed, and the next
 * one's advance), `advance` (only that: the period had been closed by hand), `final` (a subscription ended).
 */
export type InvoiceReason = "start" | "period" | "advance" | "final" | "change" | "manual";

/**
 * `credit` gives back what was paid in advance for time that is not served as it was sold; `item` is a one-off; `pack` is credits
 * that are bought.
 */
export type LineKind = "flat" | "seat" | "usage" | "commitment" | "credit" | "item" | "pack";

/** What one discount takes off a line. */
export interface LineDiscount {
  discount: string;
  coupon: string;
  name: string;
  amount: bigint;
}

/** One tax on a line: of what it is a percentage, and how much it is. */
export interface LineTax {
  key: string;
  name: string;
  kind: string;
  percent: string;
  inclusive: boolean;
  taxable: bigint;
  amount: bigint;
}

/** A line before it is stored. `amount` is rounded, once; `explain` keeps what made it. */
export interface DraftLine {
  kind: LineKind;
  planKey: string | null;
  planVersion: number | null;
  priceKey: string | null;
  meterKey: string | null;
  /** Canonical text of the group; null without group_by. */
  groupKey: string | null;
  description: string;
  quantity: Decimal;
  unitAmount: Decimal | null;
  amount: bigint;
  period: Period;
  proration: boolean;
  /** How often this price and period was billed before. */
  round: number;
  explain: Record<string, unknown>;
  /** It waited for this invoice under this id: the issue takes it from there. */
  pendingId?: string;
  /** A one-off line that waited for this invoice. */
  itemId?: string;
  /** Put on by `complete.ts`; absent on what has not been through it. */
  discounts?: readonly LineDiscount[];
  taxes?: readonly LineTax[];
}

/** An invoice computed and not yet issued: what a preview shows and an issue stores. */
export interface DraftInvoice {
  tenantId: string;
  testClockId: string | null;
  subscriptionId: string | null;
  reason: InvoiceReason;
  period: Period;
  currency: string;
  collection: "charge_automatically" | "send_invoice";
  gateway: string;
  /** The money is there already: nothing is asked for. */
  prepaid?: boolean;
  lines: DraftLine[];
}

export interface Totals {
  subtotal: bigint;
  discount: bigint;
  /** All of it, what the prices contain included. */
  tax: bigint;
  taxIncluded: bigint;
  total: bigint;
}

export function discountOf(line: Pick<DraftLine, "discounts">): bigint {
  return (line.discounts ?? []).reduce((sum, part) => sum + part.amount, 0n);
}

export function taxOf(line: Pick<DraftLine, "taxes">, only: "all" | "inclusive" = "all"): bigint {
  return (line.taxes ?? []).reduce((sum, tax) => (only === "all" || tax.inclusive ? sum + tax.amount : sum), 0n);
}

/** Sums of rounded lines; nothing here rounds. */
export function totalsOf(lines: readonly DraftLine[]): Totals {
  const subtotal = subtotalOf(lines);
  const discount = lines.reduce((sum, line) => sum + discountOf(line), 0n);
  const tax = lines.reduce((sum, line) => sum + taxOf(line), 0n);
  const taxIncluded = lines.reduce((sum, line) => sum + taxOf(line, "inclusive"), 0n);
  return { subtotal, discount, tax, taxIncluded, total: subtotal - discount + tax - taxIncluded };
}

export function subtotalOf(lines: readonly { amount: bigint }[]): bigint {
  return lines.reduce((sum, line) => sum + line.amount, 0n);
}
