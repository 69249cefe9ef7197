/** What a tenant has, at an instant. */
import type { Database } from "../../db/pool.ts";
import { type Decimal, decimal, ZERO } from "../money/decimal.ts";
import type { Instant } from "../time/instant.ts";
import { findOverdueParts } from "./balance-store.ts";
import { byBurnOrder, isActiveAt, type Source } from "./grant.ts";
import { findGone } from "./owed-store.ts";
import { findOpenGrants, type GrantRow, grantOf } from "./store.ts";

export interface Balance {
  /** available + held. */
  balance: Decimal;
  available: Decimal;
  held: Decimal;
  /** Granted, and effective later. */
  upcoming: Decimal;
  bySource: Partial<Record<Source, Decimal>>;
  /** Those of which something is left and that have not expired, in burn order. */
  grants: GrantRow[];
}

/** By the tenant's clock alone: grants and holds that are past their time do not count, whether or not the sweep has seen them. */
export async function readBalance(db: Database, tenantId: string, now: Instant): Promise<Balance> {
  const back = await findOverdueParts(db, tenantId, now);
  const gone = back.size === 0 ? new Map<string, Decimal>() : await findGone(db, tenantId, [...back.keys()]);
  const rows = (await findOpenGrants(db, [tenantId])).map((row) => giveBack(row, back.get(row.id) ?? ZERO, gone.get(row.id) ?? ZERO));
  const alive = rows
    .filter((row) => row.expires_at === null || now < row.expires_at || decimal(row.held).gt(ZERO))
    .sort((a, b) => byBurnOrder(grantOf(a), grantOf(b)));
  const active = alive.filter((row) => isActiveAt(grantOf(row), now));
  const sum = (list: readonly GrantRow[], of: "remaining" | "held") => list.reduce((total, row) => total.plus(decimal(row[of])), ZERO);
  const available = sum(active, "remaining");
  const held = sum(rows, "held");
  const bySource: Balance["bySource"] = {};
  for (const row of active) bySource[row.source] = (bySource[row.source] ?? ZERO).plus(decimal(row.remaining));
  const upcoming = alive.filter((row) => row.effective_at > now);
  return { balance: available.plus(held), available, held, upcoming: sum(upcoming, "remaining"), bySource, grants: alive };
}

// A hold that is over has given back what it held, though nobody has written so yet; what was refunded meanwhile, or is beyond a cap, goes then.
function giveBack(row: GrantRow, part: Decimal, gone: Decimal): GrantRow {
  if (part.eq(ZERO)) return row;
  const back = part.gt(gone) ? part.minus(gone) : ZERO;
  return { ...row, held: decimal(row.held).minus(part).toFixed(), remaining: decimal(row.remaining).plus(back).toFixed() };
}
