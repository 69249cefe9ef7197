/**
 * Low balances. A wallet must have been up to the threshold before it can fall below it: one that never had so many credits is not told of.
 * What was given and spent between two looks is found in the ledger, so that no crossing is missed.
 */
import { ENGINE } from "../auth/principal.ts";
import { decimal } from "../billing/money/decimal.ts";
import { commit } from "../commit.ts";
import type { Context } from "../context.ts";
import { onPool } from "../db/pool.ts";
import { raiseAlert, resolveAlert } from "./raise.ts";
import { rulesOf } from "./rule.ts";
import { readRules } from "./store.ts";
import { markSeen, readMoved, type WalletRow } from "./wallet-store.ts";

const CHUNK = 1_000;
const SUBJECT = "credits";

export async function sweepCredits(ctx: Context): Promise<void> {
  const db = onPool(ctx.pool);
  const ruleFor = rulesOf(await readRules(db, "low_credits", null));
  let after = "";
  for (;;) {
    const rows = await readMoved(db, ruleFor("low_credits", null).settings.threshold, CHUNK, after);
    const low = (row: WalletRow) => decimal(row.available).lt(decimal(row.threshold));
    for (const row of rows.filter((one) => one.armed)) {
      const rule = ruleFor("low_credits", row.tenant_id);
      await commit(ctx, { principal: ENGINE, tenantId: row.tenant_id }, async (tx) => {
        const available = decimal(row.available);
        const threshold = decimal(row.threshold);
        if (!low(row)) return resolveAlert(tx, "low_credits", row.tenant_id, SUBJECT, "The balance of credits is up again.");
        await raiseAlert(tx, rule, {
          tenantId: row.tenant_id,
          subject: SUBJECT,
          summary: `The balance of credits fell below ${threshold.toFixed()}: ${available.toFixed()} are left.`,
          data: { available, threshold },
        });
        // With the alert, so that neither is without the other.
        await markSeen(tx, [{ ...row, armed: false }]);
      });
    }
    await markSeen(
      db,
      rows.filter((row) => !(row.armed && low(row))).map((row) => ({ ...row, armed: !low(row) })),
    );
    if (rows.length < CHUNK) return;
    after = rows.at(-1)!.tenant_id;
  }
}
