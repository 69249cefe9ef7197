/** Takes back what is left of the plan credits of a subscription, where the time that they came with is paid back. */
import type { Tx } from "../../commit.ts";
import { decimal } from "../money/decimal.ts";
import { lockRunning, updatePlanCredits } from "./plan-credit-store.ts";
import { findGrants } from "./store.ts";
import { takeBack } from "./take-back.ts";

/** What a hold has of them then is owed: taken back as the hold gives it back (`release-hold`). */
export async function takeBackPlanCredits(tx: Tx, { tenantId, subject }: { tenantId: string; subject: string }): Promise<void> {
  for (const row of await lockRunning(tx, tenantId, subject, tx.now)) {
    const ids = [row.grant_id!];
    const { taken } = await takeBack(tx, { tenantId, grants: { ids }, amount: null, origin: `end ${row.id}`, reason: "refunded" });
    const [grant] = await findGrants(tx, tenantId, ids);
    const takenBack = decimal(row.taken_back).plus(taken);
    // Of what credit notes took back before, some may be owed already.
    const before = decimal(row.revoked).plus(taken);
    const due = takenBack.plus(decimal(grant!.held));
    await updatePlanCredits(tx, [{ ...row, taken_back: takenBack.toFixed(), revoked: (due.gt(before) ? due : before).toFixed() }]);
  }
}
