/** Schemas of usage, for the OpenAPI document. Events are checked by `prepare`, which is faster on ten thousand and names each by its index. */
import { Type } from "typebox";
import { Instant, ListQuery, Named, Nullable, OneOf, Page, PositiveQuantity, Quantity, TenantId, Text } from "../../http/schema.ts";
import { GRANULARITIES } from "./buckets.ts";

export const EventBody = Named(
  "UsageEvent",
  Type.Object(
    {
      tenant_id: TenantId(),
      event: Type.String({ pattern: "^[A-Za-z0-9_.:\\-/]{1,128}$", description: "What meters read it by." }),
      amount: Type.Optional(PositiveQuantity("A number or a decimal string; 1 if not said.")),
      at: Type.Optional(Instant("RFC 3339, kept to the microsecond; the tenant's now if not said.")),
      idempotency_key: Type.Optional(
        Text(255, "The same key of the same tenant and event is the same event, for ever. Made by the engine if not said."),
      ),
      properties: Type.Optional(
        Type.Object({}, { additionalProperties: true, maxProperties: 64, description: "What meters read, filter and group by; 16 KiB." }),
      ),
    },
    { additionalProperties: false },
  ),
);

export const UsageBody = Type.Union([EventBody, Type.Array(EventBody, { maxItems: 10_000 })]);

const Receipt = Type.Object({
  id: Type.String(),
  status: OneOf(["accepted", "duplicate"] as const),
  conflict: Type.Optional(Type.Boolean({ description: "The key was used for other content; what was stored first stands." })),
  matched: Type.Optional(Type.Array(Type.String(), { maxItems: 0, description: "Empty, where no meter reads the event." })),
});

export const UsageAnswer = Type.Union([
  Receipt,
  Type.Object({ accepted: Type.Integer(), duplicates: Type.Integer(), results: Type.Array(Receipt) }),
]);

export const QueuedAnswer = Type.Object({
  queued: Type.Integer({ description: "How many are on the queue, durably; each is stored once." }),
});

export const OfTenant = Type.Object({ tenant_id: Type.String() });

export const UsageQuery = Type.Object(
  {
    ...ListQuery,
    from: Type.Optional(Instant("The start of the tenant's month if not said.")),
    to: Type.Optional(Instant("The tenant's now if not said.")),
    meter: Type.Optional(Text(64)),
    granularity: Type.Optional(OneOf(GRANULARITIES, "total if not said; days and months are those of the tenant's zone.")),
    group_by: Type.Optional(Text(1_000, "Properties to split by, with commas between.")),
  },
  { additionalProperties: false },
);

export const UsagePage = Page(
  Type.Object({
    meter: Type.String(),
    period_start: Instant(),
    period_end: Instant(),
    granularity: OneOf(GRANULARITIES),
    value: Quantity(),
    group: Nullable(Type.Object({}, { additionalProperties: Nullable(Type.String()) })),
  }),
);

export const EventsQuery = Type.Object(
  {
    ...ListQuery,
    from: Type.Optional(Instant()),
    to: Type.Optional(Instant()),
    event: Type.Optional(Text(128)),
  },
  { additionalProperties: false },
);

export const EventsPage = Page(
  Type.Object({
    id: Type.String(),
    tenant_id: Type.String(),
    event: Type.String(),
    amount: Quantity(),
    at: Instant(),
    received_at: Instant(),
    idempotency_key: Type.String(),
    properties: Type.Object({}, { additionalProperties: true }),
  }),
);
