/** Reaction to `tenant.erased`: whom bills went to, and why somebody canceled, in their words. */
import type { Tx } from "../../commit.ts";
import type { AppendedEvent } from "../../events/append.ts";
import { eraseWords } from "./store.ts";

export async function eraseSubscriptions(tx: Tx, event: AppendedEvent): Promise<void> {
  if (event.tenantId !== null) await eraseWords(tx, event.tenantId);
}
