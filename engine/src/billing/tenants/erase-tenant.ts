/** Erases what is personal of a tenant. Its books stay, under its id. */
import type { Tx } from "../../commit.ts";
import { tenantNotFound } from "../../errors.ts";
import { eraseTenant as eraseRow, lockTenant, type TenantRow } from "./store.ts";

export async function eraseTenant(tx: Tx, id: string): Promise<TenantRow> {
  const before = await lockTenant(tx, id);
  if (!before) throw tenantNotFound(id);
  if (before.erased_at !== null) return before;
  tx.afterCommit(() => tx.ctx.tenants.forget(id));
  tx.emit({ type: "tenant.erased", tenantId: id, subject: id, summary: "The personal data of the tenant was erased.", data: {} });
  return eraseRow(tx, id, tx.now);
}
