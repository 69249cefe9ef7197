/** Reaction to `tenant.erased`: what people wrote about money that came from outside goes; the money, and the references it counts once by, stay. */
import type { Tx } from "../../commit.ts";
import type { AppendedEvent } from "../../events/append.ts";
import { eraseNotes } from "./receipt-store.ts";

export async function eraseReceipts(tx: Tx, event: AppendedEvent): Promise<void> {
  if (event.tenantId !== null) await eraseNotes(tx, event.tenantId);
}
