/** SQL of what secrets are sealed with: for the command that seals them anew, and for the doctor. */
import type { Database } from "../../db/pool.ts";
import type { Sealed } from "../../seal.ts";

export interface SealedRow {
  no: bigint;
  endpoint_id: string;
  key_id: string;
  sealed: Buffer;
}

/** Those that another key sealed. */
export async function readSealed(db: Database, keyId: string, after: string, limit: number): Promise<SealedRow[]> {
  return db.query<SealedRow>(
    "/* all tenants: keys are the engine's */ select no, endpoint_id, key_id, sealed from webhook_secrets where key_id <> $1 and no > $2 order by no limit $3",
    [keyId, after, limit],
  );
}

export async function reseal(db: Database, row: SealedRow, next: Sealed): Promise<boolean> {
  const rows = await db.query(
    "/* all tenants: keys are the engine's */ update webhook_secrets set key_id = $3, sealed = $4 where no = $1 and key_id = $2 returning no",
    [row.no.toString(), row.key_id, next.keyId, next.sealed],
  );
  return rows.length > 0;
}

export interface KeyUse {
  key_id: string;
  /** How many it sealed, and one of them, to see that it opens. */
  count: number;
  endpoint_id: string;
  sealed: Buffer;
}

export async function readKeyUses(db: Database): Promise<KeyUse[]> {
  return db.query<KeyUse>(
    `/* all tenants: keys are the engine's */
     select key_id, count(*)::int as count, (array_agg(endpoint_id order by no desc))[1] as endpoint_id, (array_agg(sealed order by no desc))[1] as sealed
     from webhook_secrets group by key_id order by key_id`,
  );
}
