/** Double-entry transfers between the five accounts of a wallet, before they are written. Pure. */
import type { Decimal } from "../money/decimal.ts";
import type { Instant } from "../time/instant.ts";

export const ACCOUNTS = ["available", "held", "consumed", "expired", "issued"] as const;
export type Account = (typeof ACCOUNTS)[number];

export const TRANSACTION_TYPES = ["granted", "consumed", "expired", "held", "released", "transferred", "refunded"] as const;
export type TransactionType = (typeof TRANSACTION_TYPES)[number];

/** A wallet whose row this transaction has locked. `write` of the store counts it on. */
export interface Wallet {
  tenantId: string;
  available: Decimal;
  held: Decimal;
  lastSeq: bigint;
  planKey: string | null;
  isLow: boolean;
}

/** An amount from one account to another, of one grant. */
export interface Leg {
  from: Account;
  to: Account;
  amount: Decimal;
  grantId: string;
}

/** One transaction of one wallet. */
export interface Posting {
  /** `txn_…` */
  id: string;
  tenantId: string;
  type: TransactionType | "refused";
  legs: readonly Leg[];
  at: Instant;
  /** Of a refusal: what was asked for, and what could be spent. */
  refused?: { required: Decimal; available: Decimal };
  holdId?: string | null;
  eventName?: string | null;
  quantity?: Decimal | null;
  /** The caller's key, once a tenant for ever, and the hash of what was asked under it. */
  key?: string | null;
  fingerprint?: string | null;
  /** The engine's own name of what it does once. */
  origin?: string | null;
  reason?: string | null;
}

export interface TransferRow extends Leg {
  posting: Posting;
  seq: bigint;
  leg: number;
  balanceAfter: Decimal;
}

/** Numbers the transactions of a wallet and reckons the balance after each leg; counts the wallet on. */
export function enter(wallet: Wallet, posting: Posting): TransferRow[] {
  wallet.lastSeq += 1n;
  return posting.legs.map((leg, index) => {
    for (const account of ["available", "held"] as const) {
      if (leg.to === account) wallet[account] = wallet[account].plus(leg.amount);
      if (leg.from === account) wallet[account] = wallet[account].minus(leg.amount);
    }
    return { ...leg, posting, seq: wallet.lastSeq, leg: index + 1, balanceAfter: wallet.available.plus(wallet.held) };
  });
}
