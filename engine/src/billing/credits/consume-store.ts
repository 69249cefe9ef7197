/** SQL of consumption: the one statement that decides for many requests, and what keys stand for. */
import type { Database } from "../../db/pool.ts";
import { newId } from "../../ids.ts";
import { decimal } from "../money/decimal.ts";
import { formatInstant, type Instant } from "../time/instant.ts";
import { int4Column, numericColumn, textColumn } from "../usage/columns.ts";
import type { ConsumeRequest } from "./consumption.ts";
import type { Posting } from "./ledger.ts";

/** A request with its id, and its tenant's now. */
export interface Placed {
  request: ConsumeRequest;
  id: string;
  now: Instant;
}

export interface Decision {
  /** `known`: its key stands for the same thing; `later`: nothing was done, for it would wake something. */
  outcome: "consumed" | "insufficient" | "inactive" | "known" | "reused" | "later";
  /** Consumed, or required. */
  amount: string | null;
  /** After it, or what could be spent. */
  balance: string | null;
  grant_id: string | null;
  /** When it was decided, by the tenant's clock: one instant for all of a wallet. */
  at: Instant;
}

export interface Terms {
  /** Whose costs hold for tenants on no plan. */
  defaultPlan: string | null;
  /** Of a statement by itself, which may wake nothing; null: inside a write. */
  threshold: string | null;
}

const CONSUME =
  "select id, outcome, amount, balance, grant_id from credits_consume($1 /* tenant_id */, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";

/** Decides all of these, the requests of a wallet in their order. No key of a tenant may stand twice among them. */
export async function consumeMany(db: Database, placed: readonly Placed[], terms: Terms): Promise<Decision[]> {
  const places = new Map<string, number[]>();
  placed.forEach(({ request }, place) => {
    const list = places.get(request.tenantId);
    if (list) list.push(place);
    else places.set(request.tenantId, [place]);
  });
  // Ids are ASCII: the order of JavaScript is the order of C, in which wallets are locked.
  const tenants = [...places.keys()].sort();
  const rows = tenants.flatMap((tenantId) => places.get(tenantId)!.map((place) => placed[place]!));
  const walletOf = new Map(tenants.map((tenantId, index) => [tenantId, index + 1]));
  const some = <T>(of: (request: ConsumeRequest) => T | null): (T | null)[] | null => {
    const values = rows.map((row) => of(row.request));
    return values.some((value) => value !== null) ? values : null;
  };
  const nows = new Map(tenants.map((tenantId) => [tenantId, placed[places.get(tenantId)![0]!]!.now]));
  const decisions = await db.query<Omit<Decision, "at"> & { id: string }>(CONSUME, [
    textColumn(tenants, (tenantId) => tenantId),
    [...nows.values()].map(formatInstant),
    terms.threshold === null ? null : textColumn(tenants, () => newId("event")),
    int4Column(rows, (row) => walletOf.get(row.request.tenantId)!),
    textColumn(rows, (row) => row.id),
    numericColumn(rows, (row) => row.request.amount?.toFixed() ?? null),
    rows.some((row) => row.request.partial) ? rows.map((row) => row.request.partial) : null,
    some(byPlanJson),
    some((request) => request.eventName),
    some((request) => request.quantity?.toFixed() ?? null),
    some((request) => request.key),
    some((request) => request.fingerprint),
    terms.defaultPlan,
    terms.threshold,
  ]);
  const found = new Map<string, Decision>();
  for (const row of decisions) {
    const before = found.get(row.id);
    // Another leg of the same: what it took of the next grant.
    if (before) Object.assign(before, { amount: sumText(before.amount!, row.amount!), balance: row.balance, grant_id: null });
    else found.set(row.id, { ...row, at: 0 });
  }
  return placed.map(({ id, request }) => {
    const decision = found.get(id)!;
    decision.at = nows.get(request.tenantId)!;
    return decision;
  });
}

function sumText(a: string, b: string): string {
  return decimal(a).plus(decimal(b)).toFixed();
}

function byPlanJson({ byPlan }: ConsumeRequest): string | null {
  if (byPlan === null) return null;
  return JSON.stringify(Object.fromEntries(Object.entries(byPlan).map(([plan, amount]) => [plan, amount?.toFixed() ?? null])));
}

/** A transaction as it stands in the ledger, its legs added up. */
export interface TransactionRow {
  tenant_id: string;
  seq: bigint;
  id: string;
  type: Posting["type"];
  /** Signed, as callers see it. */
  amount: string;
  balance_after: string;
  required: string | null;
  grant_ids: string[] | null;
  amounts: string[];
  hold_id: string | null;
  event_name: string | null;
  quantity: string | null;
  idempotency_key: string | null;
  fingerprint: string | null;
  reason: string | null;
  at: Instant;
}

// What leaves `available` is below zero, and so is what a capture takes from `held`.
const SUMMED = `h.tenant_id, h.seq, h.id, h.type, h.required, h.hold_id, h.event_name, h.quantity, h.idempotency_key, h.fingerprint, h.reason, h.at,
  l.amount, l.balance_after, l.grant_ids, l.amounts`;
const LEGS = `lateral (
  select sum(case when t.to_account = 'available' then t.amount else -t.amount end)::text as amount,
    (array_agg(t.balance_after order by t.leg desc))[1] as balance_after,
    array_agg(t.grant_id order by t.leg) filter (where t.grant_id is not null) as grant_ids, array_agg(t.amount::text order by t.leg) as amounts
  from credit_transfers t where t.tenant_id = h.tenant_id and t.seq = h.seq
) l`;

/** What was done under these keys of tenants, by place. */
export async function findByKeys(db: Database, asked: readonly { tenantId: string; key: string }[]): Promise<TransactionRow[]> {
  if (asked.length === 0) return [];
  return db.query<TransactionRow>(
    `select ${SUMMED} from unnest($1::text[], $2::text[]) with ordinality as a (tenant_id, key, place)
     join credit_transfers h on h.tenant_id = a.tenant_id and h.idempotency_key = a.key and h.leg = 1, ${LEGS} order by a.place`,
    [asked.map((one) => one.tenantId), asked.map((one) => one.key)],
  );
}

/** The transactions of a tenant, newest first, before a number. Refusals moved nothing and are none. */
export async function listTransactions(
  db: Database,
  tenantId: string,
  ask: { types: readonly string[] | null; before: string | null; limit: number },
): Promise<TransactionRow[]> {
  return db.query<TransactionRow>(
    `select ${SUMMED} from credit_transfers h, ${LEGS}
     where h.tenant_id = $1 and h.leg = 1 and h.type <> 'refused' and ($2::text[] is null or h.type = any($2::text[]))
       and ($3::bigint is null or h.seq < $3) order by h.seq desc limit $4`,
    [tenantId, ask.types, ask.before, ask.limit],
  );
}

export async function findTransaction(db: Database, tenantId: string, seq: bigint): Promise<TransactionRow> {
  const rows = await db.query<TransactionRow>(
    `select ${SUMMED} from credit_transfers h, ${LEGS} where h.tenant_id = $1 and h.seq = $2 and h.leg = 1`,
    [tenantId, seq.toString()],
  );
  return rows[0]!;
}
