/** Puts usage onto SQS, in batches; a part that is refused is sent again, and what SQS does not take goes to the engine's own queue. */
import type { SendMessageBatchRequestEntry } from "@aws-sdk/client-sqs";
import type { FastifyBaseLogger } from "fastify";
import type { QueuedEvent, UsageQueue } from "../../billing/usage/queue.ts";
import { sleep } from "../../clock.ts";
import { newId } from "../../ids.ts";
import { chunk } from "../chunk.ts";
import { isFifo, printable, type Sqs } from "./client.ts";

/** What one call takes. */
const BATCH = { count: 10, bytes: 262_144 };
const IN_FLIGHT = 8;
const ATTEMPTS = 4;
const FIRST_WAIT_MS = 100;

interface Sending {
  event: QueuedEvent;
  entry: SendMessageBatchRequestEntry;
}

export interface UsageQueueParts {
  sqs: Sqs;
  queueUrl: string;
  /** What is durable when this one is out of reach. */
  otherwise: UsageQueue;
  log: FastifyBaseLogger;
}

export function sqsUsageQueue({ sqs, queueUrl, otherwise, log }: UsageQueueParts): UsageQueue {
  const fifo = isFifo(queueUrl);

  function entryOf(event: QueuedEvent, index: number): SendMessageBatchRequestEntry {
    const MessageBody = printable(event.body);
    if (!fifo) return { Id: String(index), MessageBody };
    // Its own id a sending: the queue forgets only our second attempt at it. What is sent again by a caller is for the store to tell,
    // which knows whether the first was stored; a queue that dropped it would only know that it was sent.
    return { Id: String(index), MessageBody, MessageGroupId: event.tenantId, MessageDeduplicationId: newId("message") };
  }

  /** What was not taken. */
  async function send(batch: readonly Sending[]): Promise<Sending[]> {
    let left = [...batch];
    for (let attempt = 1; left.length > 0 && attempt <= ATTEMPTS; attempt++) {
      if (attempt > 1) await sleep(FIRST_WAIT_MS * 2 ** (attempt - 2));
      const Entries = left.map(({ entry }, i) => ({ ...entry, Id: String(i) }));
      try {
        const { Successful = [] } = await sqs.client.send(new sqs.library.SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
        const taken = new Set(Successful.map(({ Id }) => Number(Id)));
        left = left.filter((_one, i) => !taken.has(i));
      } catch (error) {
        log.warn({ err: error, part: "queues", attempt }, "SQS took no usage");
      }
    }
    return left;
  }

  return {
    async put(events) {
      const all = events.map((event, index): Sending => ({ event, entry: entryOf(event, index) }));
      const batches = chunk(all, BATCH, ({ entry }) => Buffer.byteLength(entry.MessageBody ?? ""));
      const rest: Sending[] = [];
      const sender = async () => {
        for (let batch = batches.shift(); batch; batch = batches.shift()) {
          rest.push(...(await send(batch)));
          // It is out of reach: what is left goes the other way at once, and not after as many attempts for each batch.
          if (rest.length >= BATCH.count) rest.push(...batches.splice(0).flat());
        }
      };
      await Promise.all(Array.from({ length: IN_FLIGHT }, sender));
      if (rest.length === 0) return;
      log.error({ part: "queues", events: rest.length }, "usage that SQS did not take is queued in the database");
      await otherwise.put(rest.map(({ event }) => event));
    },
  };
}
