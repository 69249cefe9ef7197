/** Requests in the order in which the statement takes them: by wallet, those of a wallet as they came, added up. Pure. */
import { type Decimal, ZERO } from "../money/decimal.ts";
import type { Instant } from "../time/instant.ts";
import type { Placed } from "./consume-store.ts";

export interface Asked extends Placed {
  /** Where it stood. */
  place: number;
  /** The place of its wallet, from 1. */
  wallet: number;
  /** Among those of its wallet, from 1. */
  nth: number;
  /** What the wallet was asked for up to here; null where `sum` is. */
  running: Decimal | null;
}

export interface AskedWallet {
  tenantId: string;
  /** One instant for all of a wallet: the first one's. */
  now: Instant;
  asked: Asked[];
  /** What it is asked for together; null where there is more to look at than amounts above zero. */
  sum: Decimal | null;
}

/** The wallets in the order in which they are locked, and their requests in that order. */
export function byWallet(placed: readonly Placed[]): { wallets: AskedWallet[]; asked: Asked[] } {
  const found = new Map<string, AskedWallet>();
  for (let place = 0; place < placed.length; place++) {
    const { request, id, now } = placed[place]!;
    let wallet = found.get(request.tenantId);
    if (!wallet) {
      wallet = { tenantId: request.tenantId, now, asked: [], sum: ZERO };
      found.set(request.tenantId, wallet);
    }
    const { amount, byPlan } = request;
    if (wallet.sum !== null) wallet.sum = amount === null || byPlan !== null || amount.lte(ZERO) ? null : wallet.sum.plus(amount);
    wallet.asked.push({ request, id, now, place, wallet: 0, nth: wallet.asked.length + 1, running: wallet.sum });
  }
  // Ids are ASCII: the order of JavaScript is the order of C, in which wallets are locked.
  const wallets = [...found.values()].sort((a, b) => (a.tenantId < b.tenantId ? -1 : 1));
  const asked: Asked[] = [];
  wallets.forEach((wallet, index) => {
    for (const one of wallet.asked) {
      one.wallet = index + 1;
      asked.push(one);
    }
  });
  return { wallets, asked };
}
