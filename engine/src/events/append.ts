/** Writes events inside the transaction that caused them. */
import type { Instant } from "../billing/time/instant.ts";
import { formatInstant } from "../billing/time/instant.ts";
import type { Database } from "../db/pool.ts";
import { toJson } from "../http/json.ts";
import { newId } from "../ids.ts";
import type { Happening } from "./types.ts";

export interface AppendedEvent extends Happening {
  id: string;
  occurredAt: Instant;
  source: string;
}

export function stamp(happening: Happening, occurredAt: Instant, source: string): AppendedEvent {
  return { ...happening, id: newId("event"), occurredAt, source };
}

/** One statement, however many events: an invoice run appends some thousand at once. */
export async function appendEvents(db: Database, events: AppendedEvent[]): Promise<void> {
  if (events.length === 0) return;
  await db.query(
    `/* all tenants: each row carries its own tenant_id */
     insert into billing_events (id, tenant_id, type, subject, summary, data, source, occurred_at)
     select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::jsonb[], $7::text[], $8::timestamptz[])`,
    [
      events.map((event) => event.id),
      events.map((event) => event.tenantId),
      events.map((event) => event.type),
      events.map((event) => event.subject),
      events.map((event) => event.summary),
      events.map((event) => toJson(event.data)),
      events.map((event) => event.source),
      events.map((event) => formatInstant(event.occurredAt)),
    ],
  );
}
