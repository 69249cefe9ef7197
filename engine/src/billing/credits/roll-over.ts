/** The end of a period of plans whose credits roll over: what is above their cap expires, and with the subscription all of it. */
import type { Tx } from "../../commit.ts";
import { type Decimal, decimal, ZERO } from "../money/decimal.ts";
import type { Instant } from "../time/instant.ts";
import { findRolling, setCut } from "./plan-credit-store.ts";
import { rollGrant } from "./roll-grant.ts";
import { rolledOver } from "./rollover.ts";
import { lockWallets } from "./store.ts";

export interface Whose {
  tenantId: string;
  subject: string;
}

/** Before the next period is opened. The newest are kept first: the oldest would have been spent first. */
export async function rollOver(tx: Tx, whose: readonly Whose[]): Promise<void> {
  if ((await findRolling(tx, whose)).length === 0) return;
  await lockWallets(
    tx,
    whose.map(({ tenantId }) => tenantId),
  );
  // Again under the lock: somebody may have spent of them.
  const byTenant = Map.groupBy(await findRolling(tx, whose), (row) => `${row.tenant_id} ${row.subject}`);
  for (const rows of byTenant.values()) {
    const all = rows.reduce((sum, row) => sum.plus(decimal(row.remaining)).plus(decimal(row.held)), ZERO);
    const max = rows[0]!.rollover_max;
    let left: Decimal = rolledOver(all, { max: max === null ? null : decimal(max) });
    for (const row of rows) {
      const [remaining, held] = [decimal(row.remaining), decimal(row.held)];
      const keep = remaining.plus(held).lt(left) ? remaining.plus(held) : left;
      left = left.minus(keep);
      // What a hold has comes first: nobody can take it away. Beyond the cap it expires as the hold gives it back.
      const kept = keep.gt(held) ? keep.minus(held) : ZERO;
      await setCut(tx, row.tenant_id, row.id, keep.lt(held) ? held.minus(keep).toFixed() : "0");
      if (kept.lt(remaining)) await rollGrant(tx, { tenantId: row.tenant_id, grantId: row.grant_id, keep: kept, expiresAt: null });
    }
  }
}

/** The subscription ended: what was kept lasts to the end of what was paid for. */
export async function endRollOver(tx: Tx, whose: Whose, until: Instant): Promise<void> {
  for (const row of await findRolling(tx, [whose])) {
    await rollGrant(tx, { tenantId: row.tenant_id, grantId: row.grant_id, keep: decimal(row.remaining), expiresAt: until });
  }
}
