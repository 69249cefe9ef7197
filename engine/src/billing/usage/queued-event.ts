/**
 * The forms in which events come over a queue: what our own producer puts there, our events as anybody sends them, CloudEvents, and the two
 * forms of older senders (`event_type`, `workspace_id`, `value`; `metric`, `metadata`). Only their form; `prepare` checks what they say.
 */
import { invalidField } from "../../errors.ts";
import { parseJson } from "../../http/json.ts";
import { formatMicros, type Instant, parseInstant } from "../time/instant.ts";
import type { RawEvent, UsageEvent } from "./event.ts";
import { fromCloudEvents } from "./incoming.ts";
import type { Usage } from "./ingest.ts";
import type { QueuedEvent } from "./queue.ts";

/** When an event was taken in, before it waited: by that moment its time is judged, and what has no time happened then. */
export interface Sent {
  at: Instant;
  /** `tenant`: by the tenant's own clock. `system`: real time, which says nothing of a tenant on a test clock. */
  clock: "tenant" | "system";
}

/** What the other senders call our fields. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  event_type: "event",
  metric: "event",
  workspace_id: "tenant_id",
  value: "amount",
  metadata: "properties",
};

/** With its key and its time said, so that it counts once and when it happened, whenever it is stored. */
export function queuedEvent(event: UsageEvent): QueuedEvent {
  const head = JSON.stringify({
    tenant_id: event.tenant.id,
    event: event.event,
    idempotency_key: event.key,
    amount: event.amount,
    at: formatMicros(event.atUs),
    accepted_at: formatMicros(event.receivedUs),
  });
  return { tenantId: event.tenant.id, body: `${head.slice(0, -1)},"properties":${event.propertiesJson}}` };
}

/**
 * One message of a queue: an event, or several that are stored together. `id` stands for the key of an event that has none: the same
 * message again is the same event. Throws a 422 where it is none of the forms.
 */
export function readQueued(text: string, id: string, sentAt: Instant | null): Usage {
  const value = parseJson(text);
  if (Array.isArray(value)) return { ...usageOf(value, true, id, sentAt) };
  if (value === null || typeof value !== "object") throw invalidField("", "must be an event or an array of events");
  if ("specversion" in value) {
    const usage = fromCloudEvents(text, false);
    return { ...usage, sent: usage.events.map(() => fromSystem(sentAt)) };
  }
  return usageOf([value], false, id, sentAt);
}

function usageOf(values: readonly unknown[], batch: boolean, id: string, sentAt: Instant | null): Usage {
  const sent: (Sent | null)[] = [];
  const events = values.map((value, i) => {
    if (value === null || typeof value !== "object" || Array.isArray(value)) {
      sent.push(null);
      return value as RawEvent;
    }
    const { accepted_at, ...event } = ours(value as RawEvent);
    sent.push(acceptedAt(accepted_at) ?? fromSystem(sentAt));
    return event.idempotency_key === undefined ? { ...event, idempotency_key: batch ? `${id}:${i}` : id } : event;
  });
  return { events, batch, sent };
}

function ours(value: RawEvent): RawEvent {
  if (!Object.keys(OTHER_NAMES).some((name) => name in value)) return value;
  const named: Record<string, unknown> = {};
  // A name of ours wins over another's for the same, which is then unknown and told.
  for (const [name, item] of Object.entries(value)) {
    const own = OTHER_NAMES[name];
    named[own === undefined || own in value || own in named ? name : own] = item;
  }
  return named;
}

function acceptedAt(text: unknown): Sent | null {
  const at = typeof text === "string" ? parseInstant(text) : null;
  return at === null ? null : { at, clock: "tenant" };
}

function fromSystem(sentAt: Instant | null): Sent | null {
  return sentAt === null ? null : { at: sentAt, clock: "system" };
}
