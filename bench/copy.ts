/** The ceiling: COPY of the same events into a plain table with a primary key, a unique key and an index on time. */
import { randomUUID } from "node:crypto";
import pg from "pg";

export const PLAIN = `
create table plain_events (id text primary key, tenant text not null, event text not null, key text not null, at timestamptz not null,
  amount numeric, properties jsonb, unique (tenant, event, key));
create index on plain_events (tenant, event, at)`;

export interface PlainEvent {
  tenant_id: string;
  event: string;
  idempotency_key: string;
  at: string;
  properties: Record<string, unknown>;
}

/** One COPY over one connection; the text is made before the time is taken. Answers the seconds. */
export async function copy(url: string, events: readonly PlainEvent[]): Promise<number> {
  const rows = events.map(
    (event) =>
      `${randomUUID()}\t${event.tenant_id}\t${event.event}\t${event.idempotency_key}\t${event.at}\t1\t${JSON.stringify(event.properties)}\n`,
  );
  const chunks: Buffer[] = [];
  for (let i = 0; i < rows.length; i += 1_000) chunks.push(Buffer.from(rows.slice(i, i + 1_000).join("")));
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const start = performance.now();
  await new Promise<void>((resolve, reject) => {
    // The driver's own protocol for one statement: it has no COPY, but lets others speak it.
    client.query({
      submit: (connection: CopyConnection) => connection.query("copy plain_events from stdin"),
      handleCopyInResponse(connection: CopyConnection) {
        for (const chunk of chunks) connection.sendCopyFromChunk(chunk);
        connection.endCopyFrom();
      },
      handleError: reject,
      handleCommandComplete: () => undefined,
      handleReadyForQuery: () => resolve(),
    } as unknown as pg.Submittable);
  });
  const seconds = (performance.now() - start) / 1_000;
  await client.end();
  return seconds;
}

interface CopyConnection {
  query(text: string): void;
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
}
