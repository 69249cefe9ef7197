/** The kinds of alerts, what each is tuned by, and what holds for a tenant: its own rule, else the platform's, else the default. Pure. */

export const ALERT_KINDS = ["low_credits", "payment_failed", "cancellation", "unusual_usage"] as const;
export type AlertKind = (typeof ALERT_KINDS)[number];

/** Decimals are texts. */
export interface Settings {
  /** low_credits: below it. */
  threshold: string;
  /** payment_failed: from so many failures of one invoice on. */
  failures: number;
  /** cancellation: also when the end is only arranged. */
  scheduled: boolean;
  /** unusual_usage: how many robust standard deviations away, and how many times as much, or as little. */
  sensitivity: string;
  ratio: string;
  /** unusual_usage: days of the same kind that must be known. */
  minimum_days: number;
  /** Also to the tenant's own mail address. */
  email_tenant: boolean;
}

export interface Rule {
  kind: AlertKind;
  tenantId: string | null;
  enabled: boolean;
  settings: Settings;
  email: readonly string[];
}

const COMMON = { email_tenant: false };
/** Which settings a kind has, with their defaults. */
export const DEFAULTS: Readonly<Record<AlertKind, Partial<Settings>>> = {
  low_credits: { threshold: "1000", ...COMMON },
  payment_failed: { failures: 1, ...COMMON },
  cancellation: { scheduled: true, ...COMMON },
  unusual_usage: { sensitivity: "6", ratio: "2", minimum_days: 10, ...COMMON },
};

export interface RuleRow {
  kind: AlertKind;
  tenant_id: string | null;
  enabled: boolean;
  settings: Partial<Settings>;
  email: string[];
}

export function ruleOf(row: RuleRow): Rule {
  const settings = { ...DEFAULTS[row.kind], ...row.settings } as Settings;
  return { kind: row.kind, tenantId: row.tenant_id, enabled: row.enabled, settings, email: row.email };
}

/** By kind and tenant, from all that are stored. */
export function rulesOf(rows: readonly RuleRow[]): (kind: AlertKind, tenantId: string | null) => Rule {
  const known = new Map(rows.map((row) => [`${row.kind} ${row.tenant_id ?? ""}`, ruleOf(row)]));
  return (kind, tenantId) =>
    known.get(`${kind} ${tenantId ?? ""}`) ??
    known.get(`${kind} `) ??
    ruleOf({ kind, tenant_id: null, enabled: true, settings: {}, email: [] });
}
