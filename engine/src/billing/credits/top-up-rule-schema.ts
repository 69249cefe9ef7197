/** Schemas of top-ups by the calendar. */
import { type Static, Type } from "typebox";
import {
  Closed,
  Instant as InstantText,
  Key,
  Minor,
  Named,
  Nullable,
  OneOf,
  PositiveQuantity,
  Quantity,
  SignedMinor,
  TenantId,
  Text,
} from "../../http/schema.ts";
import { OCCURRENCE_STATUSES, RULE_SOURCES } from "./top-up-rule.ts";

export const OfTenant = Type.Object({ tenant_id: Type.String() });
export const OfRule = Type.Object({ tenant_id: Type.String(), key: Type.String({ maxLength: 64 }) });

export const RuleView = Named(
  "CreditTopUpRule",
  Type.Object({
    id: Type.String(),
    tenant_id: TenantId(),
    key: Type.String(),
    source: OneOf(RULE_SOURCES),
    product: Nullable(Type.String()),
    quantity: Nullable(Type.Integer()),
    amount: Nullable(Quantity()),
    target: Nullable(Quantity()),
    priority: Nullable(Type.Integer()),
    reason: Nullable(Type.String()),
    expires_at_next: Type.Boolean(),
    interval: OneOf(["day", "week", "month", "year"]),
    interval_count: Type.Integer(),
    starts_at: InstantText(),
    ends_at: Nullable(InstantText()),
    next_at: Nullable(InstantText("The occurrence that comes next, or is being worked on; null: none comes.")),
    monthly_limit: Type.Object({ count: Nullable(Type.Integer()), amount: Nullable(SignedMinor()) }),
    enabled: Type.Boolean(),
    disabled_reason: Nullable(Type.String({ description: "payment_failed, or product_not_on_sale." })),
    failures: Type.Integer({ description: "In a row." }),
    retry_at: Nullable(InstantText()),
    running: Nullable(Type.Object({ invoice_id: Type.String(), began_at: InstantText() })),
    this_month: Type.Object({ count: Type.Integer(), amount: SignedMinor() }, { description: "Purchases of this rule." }),
    created_at: InstantText(),
    updated_at: InstantText(),
  }),
);

export const OccurrenceView = Named(
  "CreditTopUpOccurrence",
  Type.Object({
    at: InstantText(),
    status: OneOf(OCCURRENCE_STATUSES),
    reason: Nullable(Type.String({ description: "paused, target_reached, monthly_limit, late; or payment_failed, product_not_on_sale." })),
    grant_id: Nullable(Type.String()),
    invoice_id: Nullable(Type.String()),
    settled_at: InstantText(),
  }),
);

export const RuleBody = Closed({
  source: Type.Optional(
    OneOf(RULE_SOURCES, "purchase, if not said: bought by the stored payment method. Else granted, which only the operator may set."),
  ),
  product: Type.Optional(Key("Of a purchase: the key of the credit product.")),
  quantity: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 1_000, description: "Of a purchase: packs each time; 1 if there is no target." }),
  ),
  amount: Type.Optional(PositiveQuantity("Of a grant: credits each time.")),
  target: Type.Optional(
    PositiveQuantity("Instead of quantity or amount: as much as is missing to it then; of a purchase, in whole packs."),
  ),
  priority: Type.Optional(
    Nullable(Type.Integer({ minimum: 0, maximum: 255, description: "Of what is granted; by the source if not said." })),
  ),
  reason: Type.Optional(Nullable(Text(500))),
  expires_at_next: Type.Optional(
    Type.Boolean({ description: "Of a grant: what is left of it expires when the next occurrence comes; false if not said." }),
  ),
  interval: OneOf(["day", "week", "month", "year"]),
  interval_count: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000, description: "1 if not said." })),
  starts_at: Type.Optional(
    InstantText(
      "The first occurrence; the others are counted from it, in the tenant's time zone. Those before now do not happen. If not said, as before, else now.",
    ),
  ),
  ends_at: Type.Optional(Nullable(InstantText("From then on there is none."))),
  monthly_limit: Type.Optional(
    Closed(
      {
        count: Type.Optional(Nullable(Type.Integer({ minimum: 1, maximum: 10_000 }))),
        amount: Type.Optional(Nullable(Minor())),
      },
      {
        description:
          "Of purchases in a calendar month of the tenant's, and of minor units with tax: what is beyond is skipped. None if not said.",
      },
    ),
  ),
  enabled: Type.Optional(Type.Boolean({ description: "true if not said. Setting it anew forgets failures." })),
});
export type RuleAsked = Static<typeof RuleBody>;
