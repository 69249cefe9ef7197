/**
 * Plan credits that a hold had when their subscription's unused time was paid back counted toward whatever period opened meanwhile. Once
 * they are given back they count no more, and that period is filled up again to what its own plan gives.
 */
import type { Tx } from "../../commit.ts";
import type { AppendedEvent } from "../../events/append.ts";
import { newId } from "../../ids.ts";
import { grantLevels } from "./claim-plan-credits.ts";
import { findCountedIn, insertPlanCredits } from "./plan-credit-store.ts";

/** Reaction to `credits.refunded`; only what a hold gave back is meant. */
export async function refillPlanCredits(tx: Tx, event: AppendedEvent): Promise<void> {
  const { hold, grants } = event.data as { hold?: string; grants: string[] };
  if (hold === undefined || event.tenantId === null) return;
  const row = await findCountedIn(tx, event.tenantId, grants);
  if (!row) return;
  const fresh = { status: "waiting", granted: "0", taken_back: "0", revoked: "0", credited: 0n, grant_id: null } as const;
  const refill = {
    ...row,
    ...fresh,
    id: newId("planCredits"),
    cause: `hold ${hold}`,
    since: tx.now,
    invoice_id: null,
    invoice_total: null,
  };
  await grantLevels(tx, await insertPlanCredits(tx, [refill]), {});
}
