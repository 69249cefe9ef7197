/** Writes events inside the transaction that caused them. */
import type { Instant } from "../billing/time/instant.ts";
import { formatInstant } from "../billing/time/instant.ts";
import type { Tx } from "../commit.ts";
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

const COLUMNS = ["id", "tenant_id", "type", "subject", "summary", "data", "source", "occurred_at"] as const;

/** However many events, at once: an invoice run appends some thousand. Who follows is woken once they are committed. */
export async function appendEvents(tx: Pick<Tx, "copy" | "ctx" | "afterCommit">, events: readonly AppendedEvent[]): Promise<void> {
  if (events.length === 0) return;
  tx.afterCommit(() => {
    tx.ctx.timeline.ring();
    const { events: counted, invoices } = tx.ctx.metrics;
    for (const { type } of events) {
      counted.add([type]);
      if (type === "invoice.finalized") invoices.add([]);
    }
  });
  await tx.copy(
    "billing_events",
    COLUMNS,
    events.map((event) => [
      event.id,
      event.tenantId,
      event.type,
      event.subject,
      event.summary,
      toJson(event.data),
      event.source,
      formatInstant(event.occurredAt),
    ]),
  );
}
