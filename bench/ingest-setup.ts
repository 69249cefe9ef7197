/** What the usage benchmarks share: the server process, its catalog and tenants, and the events. */
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { PLAIN, type PlainEvent } from "./copy.ts";
import { httpRequest } from "./load.ts";

const API_KEY = "bench_key_of_the_ingestion";
export const TENANTS = 1_000;
export const HEADERS = { authorization: `Bearer ${API_KEY}` };

export interface Server {
  port: number;
  process: ChildProcess;
  stop(): Promise<void>;
}

export async function startServer(database: string): Promise<Server> {
  const child = spawn(process.execPath, [fileURLToPath(new URL("./ingest-server.ts", import.meta.url)), database, API_KEY], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const [line] = (await once(createInterface(child.stdout!), "line")) as [string];
  const { port } = JSON.parse(line) as { port: number };
  const stop = async () => {
    child.stdin!.end();
    await once(child, "exit");
  };
  return { port, process: child, stop };
}

/** A meter that counts and one that sums, of one event; a thousand tenants. */
export async function setUp(database: string, port: number): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${port}/v1/catalog`, {
    method: "PUT",
    headers: { ...HEADERS, "content-type": "application/json" },
    body: JSON.stringify({
      meters: [
        { key: "requests", event: "llm_request", aggregation: "count" },
        { key: "tokens", event: "llm_request", aggregation: "sum", property: "input_tokens" },
      ],
      plans: [],
    }),
  });
  if (!answer.ok) throw new Error(await answer.text());
  await sql(database, PLAIN);
  await sql(
    database,
    `insert into tenants (id, created_at, updated_at) select 'tenant_' || i, now(), now() from generate_series(1, ${TENANTS}) i`,
  );
}

export async function sql<R extends pg.QueryResultRow>(database: string, text: string): Promise<R[]> {
  const client = new pg.Client({ connectionString: database });
  await client.connect();
  try {
    const result = await client.query<R>(text);
    return result.rows;
  } finally {
    await client.end();
  }
}

/** Of the last hour, some 210 bytes each. */
export function makeEvents(count: number): PlainEvent[] {
  const now = Date.now();
  return Array.from({ length: count }, () => ({
    tenant_id: `tenant_${1 + Math.floor(Math.random() * TENANTS)}`,
    event: "llm_request",
    idempotency_key: randomUUID(),
    at: new Date(now - Math.floor(Math.random() * 3_600_000)).toISOString(),
    properties: { model: "gpt-4o", region: "eu-west-1", input_tokens: Math.floor(Math.random() * 5_000) },
  }));
}

export function batches(events: readonly PlainEvent[], size: number): Buffer[] {
  const requests: Buffer[] = [];
  for (let i = 0; i < events.length; i += size) requests.push(httpRequest("/v1/usage", JSON.stringify(events.slice(i, i + size)), HEADERS));
  return requests;
}

export function singles(events: readonly PlainEvent[], path: string): Buffer[] {
  return events.map((event) => httpRequest(path, JSON.stringify(event), HEADERS));
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
