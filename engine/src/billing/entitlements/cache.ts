/** What a process keeps of tenants, so that a check costs no round trip; and how nodes tell each other that it has changed. */
import type { Decimal } from "../money/decimal.ts";
import type { TenantRef } from "../tenants/cache.ts";
import type { UsageWatch } from "../usage/watch.ts";
import type { CheckAnswer } from "./answer.ts";
import type { Check } from "./decide.ts";
import type { Given } from "./read-account.ts";

export interface EntitlementCache extends UsageWatch {
  /** null `quantity`: whether anything is left. Throws `tenant_not_found`, `feature_not_found`. */
  check(tenantId: string, feature: string, quantity: Decimal | null): Promise<Check>;
  /** `check` without a quantity, in the form of the API and as its text. */
  answer(tenantId: string, feature: string): Promise<CheckAnswer>;
  checkText(tenantId: string, feature: string): Promise<string>;
  /** Every feature. */
  state(tenantId: string): Promise<{ given: Given; checks: ReadonlyMap<string, Check> }>;
  /** The terms of a tenant changed, or those of all. */
  forget(tenantId: string | null): void;
  /** A test clock was moved. */
  forgetClock(testClockId: string): void;
  /** `forget`, on every node. */
  invalidate(tenantId: string): Promise<void>;
  /** Looks at the limits of what was used, from now on. */
  evaluateBy(evaluate: (used: readonly Used[]) => Promise<void>): void;
  /** Nodes have been told, and limits looked at, of everything stored so far. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

/** That a tenant used something that a meter reads, at these minutes since 1970. */
export interface Used {
  tenant: TenantRef;
  meterNo: number;
  minutes: ReadonlySet<number>;
}

/** How nodes tell each other: by PostgreSQL's NOTIFY, or by whatever else carries a text to all who listen. */
export interface Signals {
  tell(topic: Topic, payloads: readonly string[]): Promise<void>;
}

/** `terms`: tenant ids with commas between, `clock <id>`, `catalog`, `*`. `usage`: `<tenant no>:<meter no>` with commas between, `*`. */
export type Topic = "terms" | "usage";
