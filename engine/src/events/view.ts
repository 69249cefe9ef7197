/** An event as it is answered: in lists and on streams the same. */
import { Type } from "typebox";
import { formatInstant } from "../billing/time/instant.ts";
import { toJson } from "../http/json.ts";
import { Instant, Named, Nullable, OneOf, TenantId } from "../http/schema.ts";
import type { EventRow } from "./history.ts";
import { EVENT_TYPES } from "./types.ts";

export const EventView = Named(
  "BillingEvent",
  Type.Object({
    id: Type.String(),
    type: OneOf(EVENT_TYPES),
    tenant_id: Nullable(TenantId()),
    occurred_at: Instant(),
    subject: Nullable(Type.String()),
    summary: Type.String({ description: "What happened, in a sentence." }),
    data: Type.Object({}, { additionalProperties: true }),
    source: Type.String({ description: "api, engine, or the gateway that reported it." }),
  }),
);

export function eventView({ id, type, tenant_id, occurred_at, subject, summary, data, source }: EventRow) {
  return { id, type, tenant_id, occurred_at: formatInstant(occurred_at), subject, summary, data, source };
}

/** One event of a stream of Server-Sent Events. JSON has no line breaks of its own, so it is one line. */
export function frameOf(row: EventRow): string {
  return `id: ${row.id}\nevent: ${row.type}\ndata: ${toJson(eventView(row))}\n\n`;
}
