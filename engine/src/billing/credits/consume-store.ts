/** SQL of consumption: the one statement that decides for many requests, and what keys stand for. */
import pg from "pg";
import type { Database } from "../../db/pool.ts";
import { newId } from "../../ids.ts";
import { type Decimal, decimal } from "../money/decimal.ts";
import type { Instant } from "../time/instant.ts";
import { int4Column, literalColumn, numericColumn, textColumn, timestamptzColumn } from "../usage/columns.ts";
import type { ConsumeRequest } from "./consumption.ts";
import { type Asked, type AskedWallet, byWallet } from "./flight.ts";
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
  amount: Decimal | null;
  /** After it, or what could be spent. */
  balance: Decimal | null;
  grant_id: string | null;
  /** When it was decided, by the tenant's clock: one instant for all of a wallet. */
  at: Instant;
}

export interface Terms {
  /** Whose costs hold for tenants on no plan. */
  defaultPlan: string | null;
  /** Of a statement by itself, which may wake nothing; null: inside a write. */
  threshold: string | null;
  /** Look for keys that were used. Without, one that was makes the statement fail where nothing else is to be decided: `isUsedKey`. */
  look: boolean;
}

const CONSUME =
  "select place, outcome, amount, balance, grant_id from credits_consume($1 /* tenant_id */, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)";

interface Row {
  /** Of a request, from 1. */
  place: number;
  /** `paid`: of all wallets, balances before and grants with commas between; each pays all that is asked of its wallet. */
  outcome: Decision["outcome"] | "paid";
  amount: string | null;
  balance: string | null;
  grant_id: string | null;
}

/** A key was used before, and nothing was done: to be asked again, with `look`. */
export function isUsedKey(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === "23505" && error.constraint === "credit_transfers_key";
}

/** Decides all of these, the requests of a wallet in their order. No key of a tenant may stand twice among them. */
export async function consumeMany(db: Database, placed: readonly Placed[], terms: Terms): Promise<Decision[]> {
  const { wallets, asked } = byWallet(placed);
  const some = <T>(of: (request: ConsumeRequest) => T | null, column: (of: (one: Asked) => T | null) => unknown): unknown =>
    asked.some((one) => of(one.request) !== null) ? column((one) => of(one.request)) : null;
  const rows = await db.query<Row>(CONSUME, [
    textColumn(wallets, (wallet) => wallet.tenantId),
    timestamptzColumn(wallets, (wallet) => wallet.now * 1_000),
    terms.threshold === null ? null : textColumn(wallets, () => newId("event")),
    numericColumn(wallets, (wallet) => wallet.sum?.toFixed() ?? null),
    int4Column(wallets, (wallet) => wallet.asked.length),
    int4Column(asked, (one) => one.wallet),
    int4Column(asked, (one) => one.nth),
    numericColumn(asked, (one) => one.running?.toFixed() ?? null),
    textColumn(asked, (one) => one.id),
    numericColumn(asked, (one) => one.request.amount?.toFixed() ?? null),
    asked.some((one) => one.request.partial) ? asked.map((one) => one.request.partial) : null,
    some(byPlanJson, (of) => asked.map(of)),
    some(
      (request) => request.eventName,
      (of) => textColumn(asked, of),
    ),
    some(
      (request) => request.quantity,
      (of) => numericColumn(asked, (one) => of(one)?.toFixed() ?? null),
    ),
    some(
      (request) => request.key,
      (of) => textColumn(asked, of),
    ),
    some(
      (request) => request.fingerprint,
      (of) => literalColumn(asked, of),
    ),
    terms.defaultPlan,
    terms.threshold,
    terms.look,
  ]);
  const decisions: Decision[] = new Array(placed.length);
  for (const row of rows) {
    if (row.outcome === "paid") {
      const grants = row.grant_id!.split(",");
      row.balance!.split(",").forEach((total, index) => {
        if (grants[index] !== "") pay(decisions, wallets[index]!, decimal(total), grants[index]!);
      });
      continue;
    }
    const { place, wallet } = asked[row.place - 1]!;
    const amount = row.amount === null ? null : decimal(row.amount);
    const balance = row.balance === null ? null : decimal(row.balance);
    const before = decisions[place];
    // Another leg of the same: what it took of the next grant.
    if (before) Object.assign(before, { amount: before.amount!.plus(amount!), balance, grant_id: null });
    else decisions[place] = { outcome: row.outcome, amount, balance, grant_id: row.grant_id, at: wallets[wallet - 1]!.now };
  }
  return decisions;
}

function pay(decisions: Decision[], wallet: AskedWallet, total: Decimal, grantId: string): void {
  for (const { place, request, running } of wallet.asked) {
    const balance = total.minus(running!);
    decisions[place] = { outcome: "consumed", amount: request.amount, balance, grant_id: grantId, at: wallet.now };
  }
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
     where h.tenant_id = $1 and h.leg = 1 and h.type <> 'refused' and ($2::text[] is null or h.type = any($2::credit_deed[]))
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
