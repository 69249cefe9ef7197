/** Settings of message queues outside. */
import { type Env, integer, pattern } from "./env.ts";

export interface SqsSettings {
  /** null: that queue is not read; without the queue of usage, usage waits in the database. */
  usageUrl: string | null;
  stripeUrl: string | null;
  paymentUrl: string | null;
  /** null: where each queue's address points. */
  endpoint: string | null;
  /** null: the one that the queue's address names. */
  region: string | null;
  /** How long a message that is being worked on stays hidden from others before that is prolonged. */
  visibilitySeconds: number;
  /** After how often a message that is refused is put aside, where the queue has no redrive policy. */
  maxReceives: number;
  /** How many read each queue in one process. */
  readers: number;
  /** How long one asks a queue that has nothing; a stop waits for that. */
  waitSeconds: number;
}

const ADDRESS = /^https?:\/\/[^\s]+$/;

export function sqs(env: Env): SqsSettings {
  const url = (name: string) => pattern(env, name, ADDRESS, "", "an address that begins with https://") || null;
  return {
    usageUrl: url("SQS_USAGE_EVENTS_QUEUE_URL"),
    stripeUrl: url("SQS_STRIPE_EVENTS_QUEUE_URL"),
    paymentUrl: url("SQS_PAYMENT_EVENTS_QUEUE_URL"),
    endpoint: url("SQS_ENDPOINT_URL"),
    region: env.AWS_REGION || null,
    visibilitySeconds: integer(env, "SQS_VISIBILITY_SECONDS", 60, 2, 43_200),
    maxReceives: integer(env, "SQS_MAX_RECEIVES", 5, 1, 1_000),
    readers: integer(env, "SQS_READERS", 2, 1, 64),
    waitSeconds: integer(env, "SQS_WAIT_SECONDS", 10, 1, 20),
  };
}
