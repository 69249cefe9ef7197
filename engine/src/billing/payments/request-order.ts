/** Asks for an order over what an invoice owes: written before the gateway hears of it. What is open over the same amount is the answer. */
import type { Tx } from "../../commit.ts";
import { newId } from "../../ids.ts";
import { receiptOf } from "./order.ts";
import { insertOrder, type NewOrder, ordersOf } from "./order-store.ts";

/** The invoice is locked by the caller, so that two requests make one order. Answers its id. */
export async function requestOrder(tx: Tx, input: Omit<NewOrder, "id" | "receipt">): Promise<string> {
  const known = await ordersOf(tx, input.invoice_id, input.tenant_id, input.gateway);
  const open = known.find(({ status, amount }) => (status === "requested" || status === "open") && amount === input.amount);
  if (open) return open.id;
  const id = newId("order");
  await insertOrder(tx, { ...input, id, receipt: receiptOf(input.invoice_id, known.length) }, tx.ctx.clock.now());
  return id;
}
