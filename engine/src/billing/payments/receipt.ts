/** What a receipt is: money from outside any gateway, as the operator reports it, and where it may go. */
import { invalidField } from "../../errors.ts";
import { type Instant, parseInstant } from "../time/instant.ts";

export const RECEIPT_METHODS = ["neft", "rtgs", "cheque", "wire", "zoho", "other"] as const;
export type ReceiptMethod = (typeof RECEIPT_METHODS)[number];

/** The gateway that stands on payments which no gateway took. Nothing is ever asked of it. */
export const MANUAL = "manual";

/** Money as it was reported; `amount` in minor units. */
export interface Received {
  method: ReceiptMethod;
  reference: string;
  amount: bigint;
  currency: string;
  receivedAt: Instant;
  note: string | null;
}

/** `applied` to an invoice, kept as the tenant's `balance`, `returned` to who paid. */
export type ReceiptUseKind = "applied" | "balance" | "returned";

/** The same reference however somebody typed it: without case, spaces and invisible characters. */
export function foldReference(reference: string): string {
  return reference
    .normalize("NFKC")
    .toUpperCase()
    .replace(/[\s\p{C}]+/gu, "");
}

const DAY = 86_400_000;

/** Throws a 422 that names the field: a reference without any character, a day that has not come. */
export function checkedReceipt(
  input: { method: ReceiptMethod; reference: string; amount: number; received_at: string; note?: string | undefined },
  now: Instant,
): Omit<Received, "currency"> {
  if (foldReference(input.reference) === "") throw invalidField("reference", "must say which payment of the bank it is");
  const receivedAt = parseInstant(input.received_at);
  // A day ahead: banks book by their own calendar.
  if (receivedAt === null || receivedAt > now + DAY) throw invalidField("received_at", "must be an instant that has come");
  const { method, amount, note = null } = input;
  return { method, reference: input.reference.trim(), amount: BigInt(amount), receivedAt, note };
}
