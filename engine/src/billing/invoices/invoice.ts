/** What an invoice is, and the only moves between its states. */
import { Refusal } from "../../errors.ts";
import type { Decimal } from "../money/decimal.ts";
import { civilFromDays, DAY } from "../time/civil.ts";
import type { Instant } from "../time/instant.ts";
import type { Period } from "../time/period.ts";

export type InvoiceStatus = "draft" | "open" | "paid" | "void" | "uncollectible";

const MOVES: Readonly<Record<InvoiceStatus, readonly InvoiceStatus[]>> = {
  draft: ["open", "paid", "void"],
  open: ["paid", "void", "uncollectible"],
  uncollectible: ["paid"],
  paid: [],
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

/** `credit` gives back what was paid in advance for time that is not served as it was sold. */
export type LineKind = "flat" | "seat" | "usage" | "commitment" | "credit";

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
  lines: DraftLine[];
}

export function subtotalOf(lines: readonly { amount: bigint }[]): bigint {
  return lines.reduce((sum, line) => sum + line.amount, 0n);
}

/** `{prefix}-{year}` is a series; its numbers have no gap. */
export function seriesOf(prefix: string, issuedAt: Instant): string {
  return `${prefix}-${civilFromDays(Math.floor(issuedAt / DAY)).year}`;
}

export function numberOf(series: string, sequence: bigint): string {
  return `${series}-${sequence.toString().padStart(6, "0")}`;
}
