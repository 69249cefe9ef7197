/** The body of a delivery: the event as its history shows it, under the name by which the endpoint asked for it. Pure. */
import { formatInstant } from "../../billing/time/instant.ts";
import { eventView } from "../../events/view.ts";
import { toJson } from "../../http/json.ts";
import type { Claimed } from "./delivery-store.ts";
import { topicOf } from "./topic.ts";

type Told = Pick<Claimed, "event" | "event_id" | "endpoint_id" | "tenant_id" | "created_at" | "event_types">;

/** The same text at each attempt. */
export function messageOf({ event, event_id, endpoint_id, tenant_id, created_at, event_types }: Told): string {
  if (event !== null) return toJson({ ...eventView({ ...event, seq: "" }), type: topicOf(event.type, event_types) });
  return toJson({
    id: event_id,
    type: "webhook.test",
    tenant_id,
    occurred_at: formatInstant(created_at),
    subject: endpoint_id,
    summary: "This is a test of the webhook endpoint.",
    data: {},
    source: "api",
  });
}
