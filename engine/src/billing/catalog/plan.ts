/** A plan at one version, parsed: what a subscription was sold. */
import type { Interval } from "../time/period.ts";
import type { Price } from "./price.ts";

export interface Entitlement {
  feature: string;
  enabled?: boolean;
  value?: unknown;
  limit?: string | null;
  window?: "minute" | "hour" | "day" | "month" | "billing_period" | "lifetime";
  enforcement?: "hard" | "soft";
}

export interface Plan {
  key: string;
  version: number;
  name: string;
  description: string | null;
  group: string | null;
  isDefault: boolean;
  archived: boolean;
  /** The currency it is declared in, and the others it is sold in. */
  currency: string;
  currencies: readonly string[];
  interval: Interval;
  /** null: no trial unless a subscription asks for one. */
  trialDays: number | null;
  prorationUnit: "second" | "day";
  seatDecrease: "credit" | "period_end";
  /** When the last retry of a payment failed. */
  afterDunning: "cancel" | "expire" | "keep";
  /** Minor units of `currency` by currency; absent: none. */
  minimumCommitment: Readonly<Record<string, bigint>>;
  /** The prices in one of its currencies. Throws RangeError for a currency it is not sold in. */
  pricesIn(currency: string): readonly Price[];
  entitlements: readonly Entitlement[];
  credits: { amount: string; rollover: boolean | { max: string }; priority?: number } | null;
  processorPrices: Readonly<Record<string, Readonly<Record<string, string>>>>;
}
