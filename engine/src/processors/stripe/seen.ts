/** What was seen of one subscription at Stripe, all at once; and what is stored of it here. Types of the comparison in `steps.ts`. */
import type { Plan } from "../../billing/catalog/plan.ts";
import type { SubscriptionRow } from "../../billing/subscriptions/store.ts";
import type { Instant } from "../../billing/time/instant.ts";
import type { SeenInvoice } from "./invoice-shape.ts";
import type { SeenSubscription } from "./subscription-shape.ts";

/** One try to collect an invoice, by the charge that it made. */
export interface SeenAttempt {
  reference: string;
  at: Instant;
  amount: bigint;
  currency: string;
  outcome: "succeeded" | "failed";
  code: string | null;
  reason: string | null;
}

export interface SeenRefund {
  reference: string;
  at: Instant;
  amount: bigint;
}

export interface SeenBill extends SeenInvoice {
  attempts: readonly SeenAttempt[];
  refunds: readonly SeenRefund[];
}

export interface Terms {
  plan: Plan;
  /** null: nothing at Stripe says how many. */
  seats: number | null;
}

export interface Seen {
  subscription: SeenSubscription;
  /** The oldest first. */
  bills: readonly SeenBill[];
  /** null: its prices are those of no plan here. */
  terms: Terms | null;
}

export interface KnownBill {
  id: string;
  status: "draft" | "open" | "paid" | "void" | "uncollectible";
  /** Charges and refunds of Stripe that were taken over. */
  references: ReadonlySet<string>;
  /** What was credited before it was paid. */
  offset: bigint;
}

export interface Known {
  row: SubscriptionRow;
  bills: ReadonlyMap<string, KnownBill>;
}
