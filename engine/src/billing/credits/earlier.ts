/** What a key stood for before, said again. */
import type { Database } from "../../db/pool.ts";
import { Refusal } from "../../errors.ts";
import { type Decimal, decimal } from "../money/decimal.ts";
import { findTransaction } from "./consume-store.ts";

export function keyReused(): Refusal {
  return new Refusal("idempotency_key_reused", "This idempotency_key was used for something else with this tenant's credits.", {
    faults: [{ path: "idempotency_key", message: "was used for something else with this tenant's credits" }],
  });
}

/** 402, with what was asked for and what there was. */
export function insufficientCredits({ required, available }: { required: Decimal; available: Decimal }): Refusal {
  return new Refusal("insufficient_credits", `This takes ${required.toFixed()} credits, and ${available.toFixed()} are available.`, {
    extra: { required, available },
  });
}

/** Of a refusal in the ledger. */
export async function refusedOf(db: Database, tenantId: string, seq: bigint): Promise<{ required: Decimal; available: Decimal }> {
  const row = await findTransaction(db, tenantId, seq);
  return { required: decimal(row.required!), available: decimal(row.balance_after) };
}
