/** Schemas of credits, for requests and for the OpenAPI document. */
import { Type } from "typebox";
import { Closed, Instant, ListQuery, Named, Nullable, OneOf, Page, PositiveQuantity, Quantity, Text } from "../../http/schema.ts";
import { SOURCES } from "./grant.ts";
import { HOLD_STATUSES } from "./hold.ts";
import { TRANSACTION_TYPES } from "./ledger.ts";

export const OfTenant = Type.Object({ tenant_id: Type.String() });
export const OfHold = Type.Object({ tenant_id: Type.String(), id: Type.String({ maxLength: 64 }) });

const Amount = () => PositiveQuantity("Credits, above zero: a number, or a decimal string with up to 12 places.");
/** Once a tenant, for ever, among all that is done with its credits. */
export const IdempotencyKey = () =>
  Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 255,
      pattern: "^[^\\u0000-\\u001f\\u007f]+$",
      description:
        "The same key of the same tenant answers the same, for ever. The Idempotency-Key header stands for it where it is not said.",
    }),
  );
const Reason = () => Type.Optional(Nullable(Text(500)));

export const ConsumeBody = Closed({
  event_name: Type.Optional(Text(64, "A credit event of the catalog: what it costs is taken, times the quantity.")),
  quantity: Type.Optional(PositiveQuantity("How many events, above zero; 1 if not said.")),
  amount: Type.Optional(Amount()),
  idempotency_key: IdempotencyKey(),
});

export const GrantFields = {
  amount: Amount(),
  source: Type.Optional(OneOf(SOURCES, "adjustment if not said.")),
  priority: Type.Optional(
    Nullable(
      Type.Integer({ minimum: 0, maximum: 255, description: "Lower burns first; promotion 5, purchase and adjustment 10, plan 20." }),
    ),
  ),
  effective_at: Type.Optional(Nullable(Instant("From when it can be spent; at once if not said."))),
  expires_at: Type.Optional(Nullable(Instant("From when it cannot be spent any more; never if not said."))),
  reason: Reason(),
  idempotency_key: IdempotencyKey(),
};
export const GrantBody = Closed(GrantFields);

export const GiftBody = Closed({
  to: Text(200, "The tenant that gets them."),
  amount: Amount(),
  reason: Reason(),
  idempotency_key: IdempotencyKey(),
});

export const HoldBody = Closed({
  amount: Amount(),
  expires_in: Type.Optional(Type.Integer({ minimum: 1, maximum: 315_360_000, description: "Seconds until it is over by itself." })),
  expires_at: Type.Optional(Instant("When it is over by itself.")),
  reason: Reason(),
  idempotency_key: IdempotencyKey(),
});

export const CaptureBody = Type.Optional(
  Closed({
    amount: Type.Optional(Nullable(PositiveQuantity("What it cost, above zero; all that is held if not said."))),
    idempotency_key: IdempotencyKey(),
  }),
);
export const ReleaseBody = Type.Optional(Closed({ idempotency_key: IdempotencyKey() }));

export const GrantView = Named(
  "CreditGrant",
  Type.Object({
    id: Type.String(),
    source: OneOf(SOURCES),
    amount: Quantity("What was granted."),
    remaining: Quantity("What of it can still be spent."),
    held: Quantity("What holds have reserved of it."),
    priority: Type.Integer(),
    effective_at: Instant(),
    expires_at: Nullable(Instant()),
    created_at: Instant(),
    reason: Nullable(Type.String()),
  }),
);

export const BalanceView = Named(
  "CreditBalance",
  Type.Object({
    tenant_id: Type.String(),
    balance: Quantity("available and held together."),
    held: Quantity("Reserved by holds."),
    available: Quantity("What can be spent now."),
    upcoming: Quantity("Granted, and effective later."),
    by_source: Type.Object({}, { additionalProperties: Quantity(), description: "What is available, by source." }),
    grants: Type.Array(GrantView, { description: "Of which something is left, in the order in which they are used up." }),
  }),
);

export const TransactionView = Named(
  "CreditTransaction",
  Type.Object({
    id: Type.String(),
    tenant_id: Type.String(),
    type: OneOf(TRANSACTION_TYPES),
    amount: Quantity("Signed: what it gave to the tenant or took; of holds, what it gave back to what is available or took from it."),
    balance_after: Quantity("Available and held together, with what is effective later."),
    grant_id: Nullable(Type.String({ description: "null where it touched several grants, or none." })),
    hold_id: Nullable(Type.String()),
    event_name: Nullable(Type.String()),
    quantity: Nullable(Quantity()),
    idempotency_key: Nullable(Type.String()),
    reason: Nullable(Type.String()),
    created_at: Instant(),
  }),
);

export const HoldView = Named(
  "CreditHold",
  Type.Object({
    id: Type.String(),
    tenant_id: Type.String(),
    amount: Quantity(),
    captured: Quantity("What was taken of it."),
    status: OneOf(HOLD_STATUSES),
    expires_at: Nullable(Instant()),
    created_at: Instant(),
    closed_at: Nullable(Instant()),
  }),
);

export const TransactionsQuery = Closed({ ...ListQuery, type: Type.Optional(OneOf(TRANSACTION_TYPES)) });
export const TransactionsPage = Page(TransactionView);

export const VerifyView = Type.Object({
  ok: Type.Boolean(),
  checks: Type.Array(
    Type.Object({
      name: Type.String(),
      says: Type.String(),
      checked: Type.Integer(),
      wrong: Type.Integer(),
      named: Type.Array(
        Type.Object({ tenant_id: Nullable(Type.String()), subject: Type.String(), expected: Type.String(), found: Type.String() }),
      ),
    }),
  ),
});

export const HoldsQuery = Closed({ ...ListQuery, status: Type.Optional(OneOf(HOLD_STATUSES)) });
export const HoldsPage = Page(HoldView);
