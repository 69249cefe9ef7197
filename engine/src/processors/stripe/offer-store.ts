/** SQL of what Stripe sells, as it was last listed: one row, for every process. */
import { formatInstant, type Instant } from "../../billing/time/instant.ts";
import type { Tx } from "../../commit.ts";
import { onPlatform, type Pool } from "../../db/pool.ts";
import { toJson } from "../../http/json.ts";
import type { Listed } from "./offer-shape.ts";

export interface OffersRow {
  offers: Listed | null;
  fetched_at: Instant | null;
  changes: bigint;
  /** How many changes had been told when it was asked. */
  seen: bigint;
}

export async function readOffers(pool: Pool): Promise<OffersRow | null> {
  const rows = await onPlatform(pool).query<OffersRow>(
    "select offers, fetched_at, changes, seen from processor_offers where processor = 'stripe'",
  );
  return rows[0] ?? null;
}

/** What was asked later stays. */
export async function putOffers(pool: Pool, row: { offers: Listed; fetchedAt: Instant; seen: bigint }): Promise<void> {
  await onPlatform(pool).query(
    `insert into processor_offers as o (processor, offers, fetched_at, seen) values ('stripe', $1, $2, $3)
     on conflict (processor) do update set offers = excluded.offers, fetched_at = excluded.fetched_at, seen = excluded.seen
     where o.fetched_at is null or (o.seen, o.fetched_at) <= (excluded.seen, excluded.fetched_at)`,
    [toJson(row.offers), formatInstant(row.fetchedAt), row.seen.toString()],
  );
}

/** What is kept is old from now on. */
export async function noteOffersChanged(tx: Tx): Promise<void> {
  await tx.query(
    `insert into processor_offers as o (processor, changes) values ('stripe', 1)
     on conflict (processor) do update set changes = o.changes + 1`,
  );
}
