/** SQL of what is to be taken back of a grant, and was not there when it should have been. */
import type { Tx } from "../../commit.ts";
import type { Database } from "../../db/pool.ts";
import { type Decimal, decimal } from "../money/decimal.ts";

export interface OwedRow {
  /** The purchase or the plan's credits that the grant was made for. */
  id: string;
  grant_id: string;
  owed: string;
}

/** Of these grants. The wallet must be locked: what is found stays true. */
export async function findOwed(tx: Tx, tenantId: string, grantIds: readonly string[]): Promise<OwedRow[]> {
  return tx.query<OwedRow>(
    `select id, grant_id, (revoked - taken_back)::text as owed from credit_purchases
     where tenant_id = $1 and grant_id = any($2::text[]) and revoked > taken_back
     union all
     select id, grant_id, (revoked - taken_back)::text from plan_credits
     where tenant_id = $1 and grant_id = any($2::text[]) and revoked > taken_back`,
    [tenantId, grantIds],
  );
}

/** By grant: what of it a hold does not give back: what is owed, and what is beyond the cap of a rollover. */
export async function findGone(db: Database, tenantId: string, grantIds: readonly string[]): Promise<Map<string, Decimal>> {
  const rows = await db.query<{ grant_id: string; gone: string }>(
    `select grant_id, (revoked - taken_back)::text as gone from credit_purchases
     where tenant_id = $1 and grant_id = any($2::text[]) and revoked > taken_back
     union all
     select grant_id, (revoked - taken_back + cut)::text from plan_credits
     where tenant_id = $1 and grant_id = any($2::text[]) and revoked - taken_back + cut > 0`,
    [tenantId, grantIds],
  );
  return new Map(rows.map((row) => [row.grant_id, decimal(row.gone)]));
}

export async function addTakenBack(tx: Tx, tenantId: string, id: string, amount: string): Promise<void> {
  await tx.query("update credit_purchases set taken_back = taken_back + $3 where tenant_id = $1 and id = $2", [tenantId, id, amount]);
  await tx.query("update plan_credits set taken_back = taken_back + $3 where tenant_id = $1 and id = $2", [tenantId, id, amount]);
}
