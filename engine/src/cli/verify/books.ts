/** Runs the checks of every room over the books. Reads only, a statement at a time: each sees one instant, and none holds others up. */

import { creditChecks } from "../../billing/credits/verify.ts";
import { salesChecks } from "../../billing/invoices/sales-verify.ts";
import { taxesChecks } from "../../billing/invoices/taxes-verify.ts";
import { invoiceChecks } from "../../billing/invoices/verify.ts";
import { paymentChecks } from "../../billing/payments/verify.ts";
import { subscriptionChecks } from "../../billing/subscriptions/verify.ts";
import { type Extent, usageChecks } from "../../billing/usage/verify.ts";
import { type Database, onPool, type Pool } from "../../db/pool.ts";
import { CommandError } from "../terminal.ts";

/** A statement of (tenant_id, subject, expected, found); a row whose last two differ is wrong. */
export interface Check {
  name: string;
  says: string;
  text: string;
  values: readonly unknown[];
}

export interface Wrong {
  tenant_id: string | null;
  subject: string;
  expected: string;
  found: string;
}

export interface Verdict {
  name: string;
  says: string;
  checked: number;
  wrong: number;
  /** The first of what is wrong. */
  named: Wrong[];
}

export interface Scope {
  /** null: the whole database. */
  tenantId: string | null;
  usage: Extent | "none";
  /** How much of what is wrong is named, for each check. */
  limit: number;
}

export async function verifyBooks(pool: Pool, scope: Scope, onCheck: (done: number, all: number, next: Check) => void): Promise<Verdict[]> {
  const db = onPool(pool);
  try {
    if (scope.tenantId !== null) await getTenant(db, scope.tenantId);
    const checks: Check[] = [
      ...subscriptionChecks(scope.tenantId),
      ...invoiceChecks(scope.tenantId),
      ...paymentChecks(scope.tenantId),
      ...salesChecks(scope.tenantId),
      ...taxesChecks(scope.tenantId),
      ...creditChecks(scope.tenantId),
      ...(scope.usage === "none" ? [] : await usageChecks(db, scope.tenantId, scope.usage)),
    ];
    const verdicts: Verdict[] = [];
    for (const check of checks) {
      onCheck(verdicts.length, checks.length, check);
      verdicts.push(await judge(db, check, scope.limit));
    }
    return verdicts;
  } catch (error) {
    if (!/^42(P01|703)$/.test((error as { code?: string }).code ?? "")) throw error;
    throw new CommandError(`The database is not up to date (${(error as Error).message}). Run billwright migrate first.`);
  }
}

async function getTenant(db: Database, tenantId: string): Promise<void> {
  const rows = await db.query("select id from tenants where id = $1 /* tenant_id */", [tenantId]);
  if (rows.length === 0) throw new CommandError(`There is no tenant ${JSON.stringify(tenantId)}.`);
}

async function judge(db: Database, { name, says, text, values }: Check, limit: number): Promise<Verdict> {
  const [row] = await db.query<Pick<Verdict, "checked" | "wrong" | "named">>(
    `with checked as materialized (${text}
     ), wrong as (select tenant_id, subject, expected, found from checked where expected is distinct from found)
     select (select count(*)::int from checked) as checked, (select count(*)::int from wrong) as wrong,
       coalesce((select jsonb_agg(w) from (select * from wrong order by tenant_id, subject limit ${limit}) w), '[]') as named`,
    [...values],
  );
  return { name, says, ...row! };
}
