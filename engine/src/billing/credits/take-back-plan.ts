/** Takes back what is left of the plan credits of a subscription, where the time that they came with is paid back. */
import type { Tx } from "../../commit.ts";
import { decimal } from "../money/decimal.ts";
import { lockRunning, updatePlanCredits } from "./plan-credit-store.ts";
import { takeBack } from "./take-back.ts";

export async function takeBackPlanCredits(tx: Tx, { tenantId, subject }: { tenantId: string; subject: string }): Promise<void> {
  for (const row of await lockRunning(tx, tenantId, subject, tx.now)) {
    const ids = [row.grant_id!];
    const { taken } = await takeBack(tx, { tenantId, grants: { ids }, amount: null, origin: `end ${row.id}`, reason: "refunded" });
    await updatePlanCredits(tx, [
      { ...row, taken_back: decimal(row.taken_back).plus(taken).toFixed(), revoked: decimal(row.revoked).plus(taken).toFixed() },
    ]);
  }
}
