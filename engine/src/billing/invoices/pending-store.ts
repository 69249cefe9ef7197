/** SQL of lines that wait for the next invoice of their subscription. */
import type { Tx } from "../../commit.ts";
import type { Database } from "../../db/pool.ts";
import { toJson } from "../../http/json.ts";
import { newId } from "../../ids.ts";
import { decimal } from "../money/decimal.ts";
import { formatInstant, type Instant } from "../time/instant.ts";
import type { DraftLine, LineKind } from "./invoice.ts";

interface Row {
  id: string;
  subscription_id: string;
  kind: LineKind;
  plan_key: string | null;
  plan_version: number | null;
  price_key: string | null;
  description: string;
  quantity: string;
  unit_amount: string | null;
  amount: bigint;
  period_start: Instant;
  period_end: Instant;
  round: number;
  explain: Record<string, unknown>;
}

/** By subscription, in the order they were made. */
export async function readPending(
  db: Database,
  whose: readonly { subscriptionId: string; tenantId: string }[],
): Promise<Map<string, DraftLine[]>> {
  const found = new Map<string, DraftLine[]>();
  if (whose.length === 0) return found;
  const rows = await db.query<Row>(
    `select id, subscription_id, kind, plan_key, plan_version, price_key, description, quantity::text, unit_amount::text, amount, period_start, period_end,
            round, explain
     from pending_lines where subscription_id = any($1) and tenant_id = any($2) order by created_at, position, id`,
    [whose.map((one) => one.subscriptionId), whose.map((one) => one.tenantId)],
  );
  for (const row of rows) {
    const list = found.get(row.subscription_id);
    if (list) list.push(lineOf(row));
    else found.set(row.subscription_id, [lineOf(row)]);
  }
  return found;
}

export async function insertPending(
  tx: Tx,
  whose: { tenantId: string; subscriptionId: string },
  lines: readonly DraftLine[],
): Promise<void> {
  for (const [position, line] of lines.entries()) {
    await tx.query(
      `insert into pending_lines (id, tenant_id, subscription_id, position, kind, plan_key, plan_version, price_key, description, quantity, unit_amount, amount,
         period_start, period_end, round, explain, created_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`,
      [
        newId("line"),
        whose.tenantId,
        whose.subscriptionId,
        position,
        line.kind,
        line.planKey,
        line.planVersion,
        line.priceKey,
        line.description,
        line.quantity.toFixed(),
        line.unitAmount?.toFixed() ?? null,
        line.amount.toString(),
        formatInstant(line.period.start),
        formatInstant(line.period.end),
        line.round,
        toJson(line.explain),
        formatInstant(tx.now),
      ],
    );
  }
}

/** Answers how many of them were still waiting: an invoice takes all of its lines, or is not made. */
export async function takePending(tx: Tx, tenantIds: readonly string[], ids: readonly string[]): Promise<number> {
  const rows = await tx.query("delete from pending_lines where id = any($1) and tenant_id = any($2) returning id", [ids, tenantIds]);
  return rows.length;
}

function lineOf(row: Row): DraftLine {
  return {
    pendingId: row.id,
    kind: row.kind,
    planKey: row.plan_key,
    planVersion: row.plan_version,
    priceKey: row.price_key,
    meterKey: null,
    groupKey: null,
    description: row.description,
    quantity: decimal(row.quantity),
    unitAmount: row.unit_amount === null ? null : decimal(row.unit_amount),
    amount: row.amount,
    period: { start: row.period_start, end: row.period_end },
    proration: true,
    round: row.round,
    explain: row.explain,
  };
}
