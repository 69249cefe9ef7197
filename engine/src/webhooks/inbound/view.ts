/** An inbound event as the operator sees it. */
import { Type } from "typebox";
import { formatInstant } from "../../billing/time/instant.ts";
import { Instant, Named, Nullable, OneOf } from "../../http/schema.ts";
import { INBOUND_STATES, type InboundRow } from "./store.ts";

const fields = {
  id: Type.String(),
  gateway: Type.String(),
  event_id: Type.String({ description: "The gateway's own id of the event." }),
  type: Type.String(),
  tenant_id: Nullable(Type.String({ description: "Whom it concerns; null: nobody known." })),
  state: OneOf(INBOUND_STATES, "ignored: stored, and nothing to do. dead: given up, until it is sent again or replayed."),
  deliveries: Type.Integer({ description: "How often the gateway sent it." }),
  attempts: Type.Integer(),
  last_error: Nullable(Type.String({ description: "Of the last failure; of what is ignored, why." })),
  next_attempt_at: Nullable(Instant()),
  received_at: Instant(),
  finished_at: Nullable(Instant()),
};

export const InboundView = Named("InboundEvent", Type.Object(fields));
export const InboundDetail = Named(
  "InboundEventDetail",
  Type.Object({
    ...fields,
    body: Nullable(Type.String({ description: "As it came, but for the secrets of payments and set-ups; null: erased." })),
  }),
);

export function inboundView(row: InboundRow) {
  return {
    id: row.id,
    gateway: row.gateway,
    event_id: row.event_id,
    type: row.type,
    tenant_id: row.tenant_id,
    state: row.state,
    deliveries: row.deliveries,
    attempts: row.attempts,
    last_error: row.last_error,
    next_attempt_at: row.next_at === null ? null : formatInstant(row.next_at),
    received_at: formatInstant(row.received_at),
    finished_at: row.finished_at === null ? null : formatInstant(row.finished_at),
  };
}
