/** Takes back what money was given back for, and says what was not there any more. */
import type { Tx } from "../../commit.ts";
import { type Decimal, ZERO } from "../money/decimal.ts";
import { findAgain } from "./disputed-store.ts";
import { takeBack } from "./take-back.ts";

export interface Revocation {
  tenantId: string;
  grantId: string;
  amount: Decimal;
  /** Once for ever under this name. */
  origin: string;
  reason: string;
}

/** Never more than is left of the grant: what was spent stays spent, and the event names it as `missing`. */
export async function revoke(tx: Tx, { tenantId, grantId, amount, origin, reason }: Revocation): Promise<{ taken: Decimal }> {
  if (amount.lte(ZERO)) return { taken: ZERO };
  // What a dispute had taken, and was paid again, is in grants of its own.
  const ids = [grantId, ...(await findAgain(tx, grantId, tenantId))];
  const { taken, missing, transactionId } = await takeBack(tx, { tenantId, grants: { ids }, amount, origin, reason });
  if (transactionId === null) {
    tx.emit({
      type: "credits.refunded",
      tenantId,
      subject: grantId,
      summary: `None of ${amount.toFixed()} credits could be taken back: they are spent.`,
      data: { transaction: null, amount: ZERO, missing, grants: [grantId], reason },
    });
  }
  return { taken };
}
