/** What is asked of a wallet, and what it answers. */
import type { Decimal } from "../money/decimal.ts";
import type { Instant } from "../time/instant.ts";
import type { TransactionType } from "./ledger.ts";

export interface ConsumeRequest {
  tenantId: string;
  /** Credits that it costs, zero or more; null: the event is switched off. */
  amount: Decimal | null;
  /** What it costs tenants on these plans instead, by plan key. */
  byPlan: Readonly<Record<string, Decimal | null>> | null;
  /** Take what is there where it is not enough, down to nothing, instead of refusing. */
  partial: boolean;
  eventName: string | null;
  quantity: Decimal | null;
  /** The caller's key, once a tenant for ever; null: nothing is remembered. Its fingerprint: `fingerprintOf`. */
  key: string | null;
  fingerprint: string | null;
}

/** A transaction of the ledger as callers see it; the same whenever it is asked for again. */
export interface Transaction {
  id: string;
  tenantId: string;
  type: TransactionType;
  /** What it added to (or, below zero, took from) the tenant; of a hold and its release, what it took from or gave back to `available`. */
  amount: Decimal;
  /** Available and held together, after it. */
  balanceAfter: Decimal;
  /** null where it touched several grants, or none. */
  grantId: string | null;
  holdId: string | null;
  eventName: string | null;
  quantity: Decimal | null;
  key: string | null;
  reason: string | null;
  at: Instant;
}

export type Consumed =
  /** `replayed`: it was consumed before under this key. */
  | { outcome: "consumed"; transaction: Transaction; replayed: boolean }
  /** Also for ever under its key. `available`: what could be spent then. */
  | { outcome: "insufficient"; required: Decimal; available: Decimal; replayed: boolean }
  /** The event is switched off for the tenant's plan; nothing is remembered. */
  | { outcome: "inactive" }
  /** The key stands for something else with this tenant's credits. */
  | { outcome: "reused" };
