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
}

export async function requestPayments(tx: Tx, requests: readonly PaymentRequest[]): Promise<void> {
  if (requests.length === 0) return;
  await insertPayments(
    tx,
    requests.map((request) => ({ id: newId("payment"), ...request })),
  );
  tx.enqueue({ name: "collect-due", key: "collect-due" });
}
