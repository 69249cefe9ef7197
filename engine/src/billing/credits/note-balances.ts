/**
 * `credits.low_balance`, once a crossing: a wallet that was not low and can now spend less than the threshold is low, and says
 * so; one that can spend as much again is not, and may say so again. The wallets must be locked.
 */
import type { Tx } from "../../commit.ts";
import { decimal } from "../money/decimal.ts";
import { readStanding } from "./balance-store.ts";
import { markLow } from "./store.ts";

/** After everything that moves credits, and before what may spend: time too raises a balance, when a grant becomes effective. */
export async function noteBalances(tx: Tx, tenantIds: readonly string[]): Promise<void> {
  if (tenantIds.length === 0) return;
  const threshold = decimal(tx.ctx.config.credits.lowBalance);
  const rows = await readStanding(tx, tenantIds, tx.now);
  const risen = rows.filter((row) => row.is_low && decimal(row.available).gte(threshold));
  const fallen = rows.filter((row) => !row.is_low && decimal(row.available).lt(threshold));
  if (risen.length > 0)
    await markLow(
      tx,
      risen.map((row) => row.tenant_id),
      false,
    );
  if (fallen.length > 0)
    await markLow(
      tx,
      fallen.map((row) => row.tenant_id),
      true,
    );
  for (const row of fallen) {
    tx.emit({
      type: "credits.low_balance",
      tenantId: row.tenant_id,
      subject: null,
      summary: `The balance fell below ${threshold.toFixed()} credits: ${decimal(row.available).toFixed()} are left.`,
      data: { available: decimal(row.available), threshold },
    });
  }
}
