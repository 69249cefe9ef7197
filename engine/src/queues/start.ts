/** What of the queues a process runs: where usage waits, and who reads the queues outside. */
import type { UsageQueue } from "../billing/usage/queue.ts";
import type { SqsSettings } from "../config/queues.ts";
import type { Context } from "../context.ts";
import type { Pool } from "../db/pool.ts";
import type { QueueName } from "./messages.ts";
import { postgresUsageQueue } from "./postgres-queue.ts";
import { connectSqs } from "./sqs/client.ts";
import { type Reader, startReader } from "./sqs/reader.ts";
import { sqsUsageQueue } from "./sqs/usage-queue.ts";

export interface OpenUsageQueue extends UsageQueue {
  close(): void;
}

export async function openUsageQueue(settings: SqsSettings, pool: Pool, log: Context["log"]): Promise<OpenUsageQueue> {
  const own = postgresUsageQueue(pool);
  const queueUrl = settings.usageUrl;
  if (queueUrl === null) return { ...own, close: () => undefined };
  const sqs = await connectSqs(settings, queueUrl);
  return { ...sqsUsageQueue({ sqs, queueUrl, otherwise: own, log }), close: () => sqs.client.destroy() };
}

/** Readers of every queue that is configured; any number of processes may have them. */
export async function startReaders(ctx: Context): Promise<Reader> {
  const { usageUrl, stripeUrl, paymentUrl, readers } = ctx.config.sqs;
  const urls: Record<QueueName, string | null> = { usage: usageUrl, stripe: stripeUrl, payments: paymentUrl };
  const configured = Object.entries(urls).filter((entry): entry is [QueueName, string] => entry[1] !== null);
  if (configured.length === 0) return { stop: async () => undefined };
  const { Consumer } = await import("sqs-consumer");
  const sqs = await connectSqs(ctx.config.sqs, configured[0]![1]);
  const running = await Promise.all(
    configured.flatMap(([queue, queueUrl]) =>
      Array.from({ length: readers }, () => startReader(ctx, { sqs, consumer: Consumer, queue, queueUrl })),
    ),
  );
  return {
    stop: async () => {
      await Promise.all(running.map((reader) => reader.stop()));
      sqs.client.destroy();
    },
  };
}
