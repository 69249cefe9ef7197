/** Schemas of entitlements: what is asked and answered (docs/http-api.md, Entitlements and quotas). */
import { type TSchema, Type } from "typebox";
import { Closed, Instant, Key, Named, Nullable, OneOf, PositiveQuantity, Quantity, TenantId, Text } from "../../http/schema.ts";
import { WINDOWS } from "../time/window.ts";
import { REASONS } from "./grant.ts";

export const OfTenant = Type.Object({ tenant_id: Type.String() });
export const OfFeature = Type.Object({ tenant_id: Type.String(), feature: Type.String({ description: "The key of a feature." }) });
export const OfMeter = Type.Object({ tenant_id: Type.String(), meter: Type.String({ description: "The key of a meter." }) });

const LIMIT = {
  limit: Nullable(Quantity("null: unlimited.")),
  used: Nullable(Quantity("What the meter says in the window that runs.")),
  remaining: Nullable(Quantity("null: unlimited.")),
  window: Nullable(OneOf(WINDOWS)),
  resets_at: Nullable(Instant("When the window ends; null: never.")),
  enforcement: Nullable(OneOf(["hard", "soft"] as const, "hard: more is refused; soft: it is recorded, and said.")),
};

const CHECK = {
  feature: Key("The key of the feature."),
  type: OneOf(["boolean", "metered", "config"] as const),
  has_access: Type.Boolean(),
  reason: OneOf(REASONS, "limit_reached with has_access: a soft limit."),
  value: Type.Unknown({ description: "Of a config feature: any JSON." }),
  ...LIMIT,
  limits: Type.Array(Type.Object(LIMIT), { description: "Of a metered feature, every limit; the tightest is the one above." }),
};

export const CheckView: TSchema = Named("Check", Type.Object(CHECK));

export const EntitlementsView: TSchema = Named(
  "Entitlements",
  Type.Object({
    tenant_id: TenantId(),
    plan: Nullable(Type.String({ description: "Whose entitlements hold: the plan that was bought, or the default one." })),
    plan_version: Nullable(Type.Integer()),
    status: Type.String({ description: "Of the subscription; none without one." }),
    features: Type.Object({}, { additionalProperties: CheckView, description: "By the key of the feature." }),
  }),
);

export const CheckQuery = Closed({
  quantity: Type.Optional(
    Type.String({ pattern: "^\\d{1,26}(\\.\\d{1,12})?$", description: "How much more would be used; 1 if not said." }),
  ),
});

export const ConsumeBody = Closed({
  quantity: Type.Optional(PositiveQuantity("1 if not said.")),
  idempotency_key: Type.Optional(Text(255, "The same key gets the first answer, for ever. The header Idempotency-Key stands in for it.")),
  properties: Type.Optional(
    Type.Object({}, { additionalProperties: true, maxProperties: 64, description: "What else the event of the meter has." }),
  ),
});

export const ConsumptionView: TSchema = Named(
  "Consumption",
  Type.Object({
    ...CHECK,
    id: Type.String({ description: "Of the usage event that was recorded." }),
    status: OneOf(["accepted", "duplicate"] as const, "duplicate: it had been recorded before, and is counted once."),
    conflict: Type.Optional(Type.Boolean({ description: "The key was used for something else; what was recorded first stands." })),
    quantity: Quantity(),
  }),
);

export const OverrideBody = Closed({
  enabled: Type.Optional(Type.Boolean({ description: "false: denied, whatever the plan says." })),
  limit: Type.Optional(Nullable(PositiveQuantity("null: unlimited."))),
  window: Type.Optional(OneOf(WINDOWS, "Which of the plan's limits it stands for; without it, for all of them.")),
  enforcement: Type.Optional(OneOf(["hard", "soft"] as const)),
  value: Type.Optional(Type.Unknown({ description: "Of a config feature: any JSON." })),
  expires_at: Type.Optional(Nullable(Instant("From then on the plan holds again."))),
  reason: Type.Optional(Nullable(Text(500, "For people."))),
});

export const OverrideView: TSchema = Named(
  "EntitlementOverride",
  Type.Object({
    feature: Key("The key of the feature."),
    enabled: Type.Optional(Type.Boolean()),
    limit: Type.Optional(Nullable(Quantity())),
    window: Type.Optional(OneOf(WINDOWS)),
    enforcement: Type.Optional(OneOf(["hard", "soft"] as const)),
    value: Type.Optional(Type.Unknown()),
    expires_at: Nullable(Instant()),
    reason: Nullable(Type.String()),
    created_at: Instant(),
    updated_at: Instant(),
  }),
);

export const ExceededView: TSchema = Type.Object({
  meter: Key("The key of the meter."),
  feature: Nullable(Type.String({ description: "Whose limit it is; null: no limit of a feature reads this meter." })),
  ...LIMIT,
  used: Quantity("What the meter says in the window that runs."),
  exceeded: Type.Boolean({ description: "Nothing is left: more would pass the limit." }),
});

export const ExplainView: TSchema = Named(
  "CheckExplanation",
  Type.Object({
    check: CheckView,
    sentence: Type.String({ description: "For a person." }),
    source: OneOf(["override", "plan", "default_plan", "nothing"], "Whose rule it is."),
    plan: Nullable(Type.String({ description: "Whose entitlements hold." })),
    plan_version: Nullable(Type.Integer()),
    subscribed_plan: Nullable(Type.String({ description: "What was bought last, whether or not it holds." })),
    status: Type.String(),
    grace_until: Nullable(Instant()),
    entitlements: Type.Array(Type.Object({}, { additionalProperties: true }), { description: "What that plan says of the feature." }),
    override: Nullable(Type.Object({}, { additionalProperties: true })),
    meter: Nullable(Type.String({ description: "What counts it." })),
  }),
);
