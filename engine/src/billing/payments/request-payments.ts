/**
 * Asks for money: writes the attempt with its idempotency key (its id) in the transaction that made it due. The errand
 * `collect` goes to the gateway afterwards; a crash between the two loses nothing.
 */
import type { Tx } from "../../commit.ts";
import { newId } from "../../ids.ts";
import { insertPayments } from "./store.ts";

export interface PaymentRequest {
  tenantId: string;
  testClockId: string | null;
  invoiceId: string;
  gateway: string;
  currency: string;
  amountMinor: bigint;
  /** 1 for the first try of an invoice, 2 for the next, …: an attempt exists once. */
  attempt: number;
  /** The payment method to charge; the default one at the time if not said. */
  methodId?: string | undefined;
}

/** Answers the ids of the attempts, in order. */
export async function requestPayments(tx: Tx, requests: readonly PaymentRequest[]): Promise<string[]> {
  if (requests.length === 0) return [];
  const ids = requests.map(() => newId("payment"));
  await insertPayments(
    tx,
    requests.map((request, index) => ({ id: ids[index]!, ...request })),
  );
  tx.enqueue({ name: "collect-due", key: "collect-due" });
  return ids;
}
