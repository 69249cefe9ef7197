/** A grant of credits: where it came from, when it may be spent, and in which order grants are used up. Pure. */
import type { Decimal } from "../money/decimal.ts";
import type { Instant } from "../time/instant.ts";

export const SOURCES = ["purchase", "plan", "promotion", "adjustment"] as const;
export type Source = (typeof SOURCES)[number];

/** Lower burns first (domain §6.2). A correction is treated as what was bought. */
export const DEFAULT_PRIORITY: Readonly<Record<Source, number>> = { promotion: 5, purchase: 10, adjustment: 10, plan: 20 };

export interface Window {
  effectiveAt: Instant;
  /** null: never. */
  expiresAt: Instant | null;
}

export interface Grant extends Window {
  id: string;
  priority: number;
  createdAt: Instant;
  /** What is left to spend. */
  remaining: Decimal;
}

/** `[effectiveAt, end)`, where end is the earliest of the ends given; one that ends before it starts has no length. null: no end. */
export function effectiveWindow(effectiveAt: Instant, ends: readonly (Instant | null)[]): { from: Instant; to: Instant | null } {
  const known = ends.filter((end) => end !== null);
  return { from: effectiveAt, to: known.length === 0 ? null : Math.max(effectiveAt, Math.min(...known)) };
}

/** Its end is exclusive: at `expiresAt` itself nothing of it can be spent any more. */
export function isActiveAt({ effectiveAt, expiresAt }: Window, at: Instant): boolean {
  return effectiveAt <= at && (expiresAt === null || at < expiresAt);
}

// Expiries within one second count as the same, so that grants of one moment go by their age.
function expirySecond(expiresAt: Instant | null): number {
  return expiresAt === null ? Number.POSITIVE_INFINITY : Math.floor(expiresAt / 1_000);
}

/** Burn order: lower priority, earlier expiry (by the second, none last), earlier creation, id. */
export function byBurnOrder(
  a: Pick<Grant, "id" | "priority" | "expiresAt" | "createdAt">,
  b: Pick<Grant, "id" | "priority" | "expiresAt" | "createdAt">,
): number {
  if (a.priority !== b.priority) return a.priority - b.priority;
  const [endsA, endsB] = [expirySecond(a.expiresAt), expirySecond(b.expiresAt)];
  if (endsA !== endsB) return endsA < endsB ? -1 : 1;
  if (a.createdAt !== b.createdAt) return a.createdAt - b.createdAt;
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}
