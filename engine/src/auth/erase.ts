/** Reaction to `tenant.erased`, and the last one: links and sessions end and name nobody any more, and the audit log forgets what was personal, also of the changes of this very erasure. */
import type { Tx } from "../commit.ts";
import type { AppendedEvent } from "../events/append.ts";
import { eraseAuditTrail } from "./audit-store.ts";
import { forgetKeys } from "./identify.ts";
import { erasePeople } from "./session-store.ts";

export async function eraseAccess(tx: Tx, event: AppendedEvent): Promise<void> {
  if (event.tenantId === null) return;
  await erasePeople(tx, event.tenantId, tx.ctx.clock.now());
  await eraseAuditTrail(tx, event.tenantId);
  tx.afterCommit(() => forgetKeys(tx.ctx));
}
