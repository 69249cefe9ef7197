/** What costs credits, and the packs of credits that are sold. */

export interface CreditEvent {
  key: string;
  name: string | null;
  category: string | null;
  /** Credits for one, as a decimal. */
  cost: string;
  active: boolean;
  /** What differs for tenants on a plan. */
  plans: Readonly<Record<string, { cost?: string; active?: boolean }>>;
  archived: boolean;
}

export interface CreditProduct {
  key: string;
  name: string | null;
  credits: string;
  /** Of what a purchase grants; null: that of all purchases. */
  priority: number | null;
  amountMinor: bigint;
  currency: string;
  active: boolean;
  archived: boolean;
}

/** What one event costs a tenant on this plan; null: the event is switched off for it. */
export function costOn(event: CreditEvent, plan: string | null): string | null {
  const own = plan === null ? undefined : event.plans[plan];
  if (event.archived || !(own?.active ?? event.active)) return null;
  return own?.cost ?? event.cost;
}
