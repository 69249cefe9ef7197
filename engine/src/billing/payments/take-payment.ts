/** Writes down money that came before anybody here asked for it: on a gateway's page, under the id that the page was given. */
import type { Tx } from "../../commit.ts";
import { recordOutcome } from "./record-outcome.ts";
import { insertPayments, noteSent } from "./store.ts";

export interface TakenPayment {
  id: string;
  tenantId: string;
  testClockId: string | null;
  invoiceId: string;
  gateway: string;
  reference: string;
  /** What the page asked. */
  amountMinor: bigint;
  currency: string;
  received: { amountMinor: bigint; currency: string };
  methodId: string | null;
}

export async function takePayment(tx: Tx, input: TakenPayment): Promise<void> {
  const { id, tenantId, received } = input;
  await insertPayments(tx, [{ ...input, attempt: 1, methodId: input.methodId ?? undefined }]);
  await noteSent(tx, { id, tenantId, at: tx.now });
  const outcome = { status: "succeeded" as const, reference: input.reference, ...received };
  await recordOutcome(tx, { paymentId: id, tenantId, outcome });
}
