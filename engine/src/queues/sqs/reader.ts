/**
 * Reads one queue of SQS: asks for ten at a time and waits for them, keeps hidden what is being worked on, deletes what is done, and leaves
 * the rest to come again. Any number of readers may, in any number of processes.
 */
import type { Message as SqsMessage } from "@aws-sdk/client-sqs";
import type { Consumer } from "sqs-consumer";
import { sleep } from "../../clock.ts";
import type { Context } from "../../context.ts";
import { onPlatform } from "../../db/pool.ts";
import type { Refusal } from "../../errors.ts";
import { writeJobs } from "../../jobs/queue.ts";
import { type Message, type QueueName, takeMessages } from "../messages.ts";
import { messageJobs } from "../postgres-queue.ts";
import type { Sqs } from "./client.ts";
import { readRedrive } from "./redrive.ts";

const BATCH = 10;
const LONGEST_WAIT_SECONDS = 300;
const PAUSE_MS = 1_000;

export interface Reader {
  /** Asks for nothing more, and resolves when what was taken is done. */
  stop(): Promise<void>;
}

export interface ReaderParts {
  sqs: Sqs;
  consumer: typeof Consumer;
  queue: QueueName;
  queueUrl: string;
}

export async function startReader(ctx: Context, { sqs, consumer, queue, queueUrl }: ReaderParts): Promise<Reader> {
  const { visibilitySeconds, maxReceives, waitSeconds } = ctx.config.sqs;
  const log = ctx.log.child({ part: "queues", queue });
  const redrive = await readRedrive(sqs, queueUrl, (error) =>
    log.warn({ err: error }, "the redrive policy of the queue could not be read"),
  );
  let stopping = false;
  let ill = false;

  async function take(given: SqsMessage[]): Promise<SqsMessage[]> {
    const messages = given.map(messageOf);
    let refusals: (Refusal | null)[];
    try {
      refusals = await takeMessages(ctx, queue, messages);
      ill = false;
    } catch (error) {
      // No fault of theirs: they stay hidden until their time is up, and nothing more is asked for before the database answers.
      ill = true;
      log.error({ err: error, messages: given.length }, "messages could not be taken; they will come again");
      return [];
    }
    const done = await Promise.all(given.map((one, i) => settle(one, messages[i]!, refusals[i]!)));
    return given.filter((_one, i) => done[i]);
  }

  /** Whether it is to be deleted. */
  async function settle(given: SqsMessage, message: Message, refusal: Refusal | null): Promise<boolean> {
    if (refusal === null) return true;
    const receives = Number(given.Attributes?.ApproximateReceiveCount ?? 1);
    log.warn({ message: message.id, receives, code: refusal.code, reason: refusal.message }, "a message was refused");
    if (redrive || receives < maxReceives) {
      await hide(given, Math.min(2 ** (receives - 1), LONGEST_WAIT_SECONDS));
      return false;
    }
    // Put aside as a job that fails once more, for its reason to be read, and then waits for a person.
    await writeJobs(
      onPlatform(ctx.pool),
      messageJobs(queue, [message], 1).map((job) => ({ ...job, maxAttempts: 1 })),
    );
    return true;
  }

  async function hide({ ReceiptHandle }: SqsMessage, VisibilityTimeout: number): Promise<void> {
    const command = new sqs.library.ChangeMessageVisibilityCommand({ QueueUrl: queueUrl, ReceiptHandle, VisibilityTimeout });
    await sqs.client.send(command).catch((error: Error) => log.warn({ err: error }, "a message comes again later than meant"));
  }

  async function healthy(): Promise<void> {
    while (ill && !stopping) {
      await sleep(PAUSE_MS);
      await onPlatform(ctx.pool)
        .query("select 1 as up")
        .then(
          () => {
            ill = false;
          },
          () => undefined,
        );
    }
  }

  const reader = consumer.create({
    queueUrl,
    sqs: sqs.client,
    batchSize: BATCH,
    waitTimeSeconds: waitSeconds,
    visibilityTimeout: visibilitySeconds,
    heartbeatInterval: visibilitySeconds / 2,
    authenticationErrorTimeout: PAUSE_MS,
    messageAttributeNames: ["All"],
    messageSystemAttributeNames: ["ApproximateReceiveCount", "SentTimestamp"],
    suppressFifoWarning: true,
    strictReturn: true,
    preReceiveMessageCallback: healthy,
    handleMessageBatch: take,
  });
  const onTrouble = (error: Error) => {
    if (!stopping) log.warn({ err: error }, "the queue could not be read");
  };
  reader.on("error", onTrouble);
  reader.on("processing_error", onTrouble);
  reader.start();
  return {
    stop: async () => {
      stopping = true;
      reader.stop();
      // The wait for messages is not cut short: what was on its way to us then would stay hidden from everybody.
      while (reader.status.isPolling) await sleep(20);
    },
  };
}

function messageOf({ MessageId, Body, Attributes, MessageAttributes }: SqsMessage): Message {
  const sent = Number(Attributes?.SentTimestamp);
  return {
    id: MessageId ?? "",
    body: Body ?? "",
    sentAt: Number.isSafeInteger(sent) ? sent : null,
    attributes: Object.fromEntries(
      Object.entries(MessageAttributes ?? {}).map(([name, { StringValue }]) => [name.toLowerCase(), StringValue ?? ""]),
    ),
  };
}
