/** Endpoints and deliveries as they are answered. A secret is in no view: routes add it once, to the answer that made it. */
import { Type } from "typebox";
import { formatInstant, type Instant as Moment } from "../../billing/time/instant.ts";
import { Instant, Named, Nullable, OneOf } from "../../http/schema.ts";
import { type AttemptRow, DELIVERY_STATES, type DeliveryDetail, type DeliveryRow } from "./log-store.ts";
import { messageOf } from "./message.ts";
import { DISABLED_REASONS, type EndpointRow } from "./store.ts";
import { topicOf } from "./topic.ts";

const instant = (at: Moment | null) => (at === null ? null : formatInstant(at));

const endpoint = {
  id: Type.String(),
  tenant_id: Nullable(Type.String({ description: "Whose events it hears; null: those of all tenants." })),
  url: Type.String(),
  description: Nullable(Type.String()),
  event_types: Type.Array(Type.String()),
  ordered: Type.Boolean({ description: "Whether the events of one tenant come one after the other." }),
  disabled: Type.Boolean(),
  disabled_at: Nullable(Instant()),
  disabled_reason: Nullable(OneOf(DISABLED_REASONS, "failing: every attempt failed for days. gone: it answered 410.")),
  failing_since: Nullable(Instant("Since when every attempt has failed.")),
  created_at: Instant(),
  updated_at: Instant(),
};
export const WebhookEndpoint = Named("WebhookEndpoint", Type.Object(endpoint));
export const WebhookEndpointWithSecret = Named(
  "WebhookEndpointWithSecret",
  Type.Object({
    ...endpoint,
    secret: Type.Optional(Type.String({ description: "whsec_…; shown this once. Absent where an idempotency key replays." })),
  }),
);

export function endpointView(row: EndpointRow) {
  return {
    id: row.id,
    tenant_id: row.tenant_id,
    url: row.url,
    description: row.description,
    event_types: row.event_types,
    ordered: row.ordered,
    disabled: row.disabled_at !== null,
    disabled_at: instant(row.disabled_at),
    disabled_reason: row.disabled_reason,
    failing_since: instant(row.failing_since),
    created_at: formatInstant(row.created_at),
    updated_at: formatInstant(row.updated_at),
  };
}

const delivery = {
  id: Type.String(),
  endpoint_id: Type.String(),
  event_id: Type.String({ description: "Sent as webhook-id, at each attempt the same." }),
  event_type: Type.String(),
  tenant_id: Nullable(Type.String({ description: "Whose event it is." })),
  state: OneOf(DELIVERY_STATES, "failed: it will be tried again. dead: given up, until it is sent again."),
  attempts: Type.Integer({ description: "Since it was last asked for." }),
  next_attempt_at: Nullable(Instant()),
  last_status: Nullable(Type.Integer({ description: "What was last answered; null: nothing." })),
  last_error: Nullable(Type.String()),
  created_at: Instant(),
  finished_at: Nullable(Instant()),
};
export const WebhookDelivery = Named("WebhookDelivery", Type.Object(delivery));
export const WebhookDeliveryDetail = Named(
  "WebhookDeliveryDetail",
  Type.Object({
    ...delivery,
    request: Type.Object({ url: Type.String(), body: Type.String({ description: "What is sent; of a long one the beginning." }) }),
    tries: Type.Array(
      Type.Object({
        at: Instant("Also what webhook-timestamp says."),
        url: Type.String(),
        duration_ms: Type.Integer(),
        status: Nullable(Type.Integer()),
        error: Nullable(Type.String({ description: "Why there was no answer." })),
        response_body: Nullable(Type.String({ description: "The beginning of what was answered." })),
      }),
      { description: "The latest first." },
    ),
  }),
);

export function deliveryView(row: DeliveryRow) {
  return {
    id: row.id,
    endpoint_id: row.endpoint_id,
    event_id: row.event_id,
    event_type: row.event_type,
    tenant_id: row.event_tenant,
    state: row.state,
    attempts: row.attempts,
    next_attempt_at: row.state === "sending" ? null : instant(row.due_at),
    last_status: row.last_status,
    last_error: row.last_error,
    created_at: formatInstant(row.created_at),
    finished_at: instant(row.finished_at),
  };
}

const BODY_SHOWN = 8_000;

export function deliveryDetail(row: DeliveryDetail, tries: readonly AttemptRow[]) {
  const body = messageOf(row);
  return {
    ...deliveryView(row),
    event_type: topicOf(row.event_type, row.event_types),
    request: { url: row.url, body: body.slice(0, BODY_SHOWN) },
    tries: tries.map(({ no: _no, at, ...rest }) => ({ at: formatInstant(at), ...rest })),
  };
}
