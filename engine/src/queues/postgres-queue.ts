/** The queue of an engine without another: messages are jobs in its own database, taken by its workers. */
import type { QueuedEvent, UsageQueue } from "../billing/usage/queue.ts";
import { type Database, onPlatform, type Pool } from "../db/pool.ts";
import { newId } from "../ids.ts";
import { type JobRequest, writeJobs } from "../jobs/queue.ts";
import { chunk } from "./chunk.ts";
import type { Message, QueueName } from "./messages.ts";

// One job is one statement of its worker; what fails together is tried again together.
const LARGEST = { count: 500, bytes: 1_048_576 };
/** Of one message that is refused: what it names may not be there yet. Then it is put aside, for a person. */
const ATTEMPTS = 8;

export function postgresUsageQueue(pool: Pool): UsageQueue {
  return { put: (events) => putUsage(onPlatform(pool), events) };
}

/** In one statement: all of them, or none. */
async function putUsage(db: Database, events: readonly QueuedEvent[]): Promise<void> {
  const messages = events.map(({ body }): Message => ({ id: newId("message"), body, sentAt: null, attributes: {} }));
  await writeJobs(db, messageJobs("usage", messages, LARGEST.count));
}

/** So many messages a job. One that is alone has its own name: written twice, it is one job. */
export function messageJobs(queue: QueueName, messages: readonly Message[], count: number): JobRequest[] {
  return chunk(messages, { ...LARGEST, count }, ({ body }) => Buffer.byteLength(body)).map((part) => ({
    name: "take-messages",
    payload: { queue, messages: part },
    ...(part.length === 1 ? { key: `message:${part[0]!.id}`, maxAttempts: ATTEMPTS } : {}),
  }));
}
