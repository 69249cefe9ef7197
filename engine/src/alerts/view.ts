/** Alerts and their rules as the API shows them. */
import { type TSchema, Type } from "typebox";
import { formatInstant } from "../billing/time/instant.ts";
import { Closed, Instant, Named, Nullable, OneOf, PositiveQuantity, TenantId, Text } from "../http/schema.ts";
import { ALERT_KINDS, DEFAULTS, type Rule } from "./rule.ts";
import type { AlertRow } from "./store.ts";

const settings = {
  threshold: Type.Optional(PositiveQuantity("low_credits: below how many.")),
  failures: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 20, description: "payment_failed: from so many failures of one invoice on." }),
  ),
  scheduled: Type.Optional(Type.Boolean({ description: "cancellation: also when the end is only arranged." })),
  sensitivity: Type.Optional(PositiveQuantity("unusual_usage: how many robust standard deviations from the usual.")),
  ratio: Type.Optional(PositiveQuantity("unusual_usage: and how many times as much, or as little; at least 1.")),
  minimum_days: Type.Optional(
    Type.Integer({ minimum: 5, maximum: 40, description: "unusual_usage: days of the same kind that must be known." }),
  ),
  email_tenant: Type.Optional(Type.Boolean({ description: "Also to the tenant's own address." })),
};

export const RuleBody = Closed({
  kind: OneOf(ALERT_KINDS),
  tenant_id: Type.Optional(TenantId()),
  enabled: Type.Optional(Type.Boolean()),
  email: Type.Optional(Type.Array(Text(254, "A mail address of the operator."), { maxItems: 20 })),
  ...settings,
});

export const RuleView: TSchema = Named(
  "AlertRule",
  Type.Object({
    kind: OneOf(ALERT_KINDS),
    tenant_id: Nullable(TenantId()),
    enabled: Type.Boolean(),
    email: Type.Array(Type.String()),
    ...settings,
    default: Type.Boolean({ description: "Nobody has set it." }),
  }),
);

export const AlertView: TSchema = Named(
  "Alert",
  Type.Object({
    id: Type.String(),
    tenant_id: TenantId(),
    kind: OneOf(ALERT_KINDS),
    state: OneOf(["open", "acknowledged", "resolved"]),
    subject: Type.String({ description: "What it is about: an invoice, a subscription, a meter and a direction, credits." }),
    summary: Type.String(),
    data: Type.Object({}, { additionalProperties: true }),
    raised_at: Instant(),
    acknowledged_at: Nullable(Instant()),
    acknowledged_by: Nullable(Type.String()),
    resolved_at: Nullable(Instant()),
  }),
);

export function ruleView({ kind, tenantId, enabled, email, settings: all }: Rule, isDefault: boolean) {
  // Of what it is tuned by, only what its kind has.
  const own = Object.keys(DEFAULTS[kind]).map((key) => [key, all[key as keyof typeof all]]);
  return { kind, tenant_id: tenantId, enabled, email, ...Object.fromEntries(own), default: isDefault };
}

export function alertView(row: AlertRow) {
  const at = (instant: number | null) => (instant === null ? null : formatInstant(instant));
  return {
    id: row.id,
    tenant_id: row.tenant_id,
    kind: row.kind,
    state: row.resolved_at !== null ? "resolved" : row.acknowledged_at !== null ? "acknowledged" : "open",
    subject: row.subject,
    summary: row.summary,
    data: row.data,
    raised_at: formatInstant(row.raised_at),
    acknowledged_at: at(row.acknowledged_at),
    acknowledged_by: row.acknowledged_by,
    resolved_at: at(row.resolved_at),
  };
}
