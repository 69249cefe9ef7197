/** Reaction to what changes the terms of a tenant: what this process keeps of it goes with the commit. Other nodes hear it from the database. */
import type { Tx } from "../../commit.ts";
import type { AppendedEvent } from "../../events/append.ts";

export async function forgetTerms(tx: Tx, event: AppendedEvent): Promise<void> {
  const { entitlements } = tx.ctx;
  tx.afterCommit(() => entitlements.forget(event.tenantId));
}
