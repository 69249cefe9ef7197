/** SQS over the wire, on this machine. */
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { buildApp } from "fauxqs";
import type { Config } from "../../src/config.ts";
import { readConfig } from "../../src/config.ts";

export interface Sqs {
  endpoint: string;
  client: SQSClient;
  create(name: string, attributes?: Record<string, string>): Promise<string>;
  arn(url: string): Promise<string>;
  send(url: string, body: unknown, more?: { attributes?: Record<string, string>; group?: string; dedup?: string }): Promise<void>;
  sendAll(url: string, bodies: readonly unknown[]): Promise<void>;
  /** How many wait, and how many somebody has taken and not deleted. */
  left(url: string): Promise<{ waiting: number; taken: number }>;
  /** Takes them off for good, with their attributes. */
  drain(url: string): Promise<{ body: string; group: string | undefined; dedup: string | undefined }[]>;
  /** What was asked of it, by name. */
  readonly asked: Map<string, number>;
  /** Looks at each call before it is answered; entries of a batch for which it answers false are refused. */
  refuse: ((action: string, entry: number) => boolean) | null;
  /** Answers of these calls are lost on the way. */
  loseAnswers: ((action: string) => boolean) | null;
  stop(): Promise<void>;
}

export const CREDENTIALS = { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" };

type Entry = { Id: string };

export async function startSqs(port = 0): Promise<Sqs> {
  // Where the engine's own client looks for them.
  Object.assign(process.env, CREDENTIALS);
  const app = buildApp({ logger: false });
  const asked = new Map<string, number>();
  const actionOf = (headers: Record<string, unknown>) => String(headers["x-amz-target"] ?? "").replace("AmazonSQS.", "");
  const refused = new WeakMap<object, Entry[]>();
  const server: Sqs = {
    endpoint: "",
    client: null as unknown as SQSClient,
    asked,
    refuse: null,
    loseAnswers: null,
    create: async (QueueName, Attributes) => (await server.client.send(new CreateQueueCommand({ QueueName, Attributes }))).QueueUrl!,
    arn: async (QueueUrl) =>
      (await server.client.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["QueueArn"] }))).Attributes!.QueueArn!,
    send: async (QueueUrl, body, { attributes = {}, group, dedup } = {}) => {
      await server.client.send(
        new SendMessageCommand({
          QueueUrl,
          MessageBody: typeof body === "string" ? body : JSON.stringify(body),
          MessageAttributes: Object.fromEntries(
            Object.entries(attributes).map(([name, StringValue]) => [name, { DataType: "String", StringValue }]),
          ),
          MessageGroupId: group,
          MessageDeduplicationId: dedup,
        }),
      );
    },
    sendAll: async (QueueUrl, bodies) => {
      for (let i = 0; i < bodies.length; i += 10) {
        const Entries = bodies.slice(i, i + 10).map((body, at) => ({ Id: String(at), MessageBody: JSON.stringify(body) }));
        await server.client.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
      }
    },
    left: async (QueueUrl) => {
      const names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"] as const;
      const { Attributes } = await server.client.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...names] }));
      return { waiting: Number(Attributes?.[names[0]]), taken: Number(Attributes?.[names[1]]) };
    },
    drain: async (QueueUrl) => {
      const all = [];
      for (;;) {
        const command = new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 600, AttributeNames: ["All"] });
        const { Messages = [] } = await server.client.send(command);
        if (Messages.length === 0) return all;
        for (const { Body, Attributes, ReceiptHandle } of Messages) {
          all.push({ body: Body!, group: Attributes?.MessageGroupId, dedup: Attributes?.MessageDeduplicationId });
          await server.client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
        }
      }
    },
    stop: async () => {
      server.client.destroy();
      await app.close();
    },
  };
  app.addHook("preHandler", async (request) => {
    const action = actionOf(request.headers);
    asked.set(action, (asked.get(action) ?? 0) + 1);
    const body = request.body as { Entries?: Entry[] } | null;
    if (!server.refuse || !body?.Entries) return;
    const kept = body.Entries.filter((_entry, i) => server.refuse!(action, i));
    refused.set(
      request,
      body.Entries.filter((entry) => !kept.includes(entry)),
    );
    body.Entries = kept;
  });
  app.addHook("onSend", async (request, reply, payload) => {
    if (server.loseAnswers?.(actionOf(request.headers))) {
      reply.raw.destroy();
      return payload;
    }
    const lost = refused.get(request);
    if (!lost || lost.length === 0) return payload;
    reply.status(200).removeHeader("x-amzn-query-error");
    const { Successful = [] } = JSON.parse(String(payload)) as { Successful?: unknown[] };
    const Failed = lost.map(({ Id }) => ({ Id, Code: "InternalError", SenderFault: false }));
    const text = JSON.stringify({ Successful, Failed });
    void reply.header("content-length", Buffer.byteLength(text)).header("content-type", "application/x-amz-json-1.0");
    return text;
  });
  await app.listen({ host: "127.0.0.1", port });
  server.endpoint = `http://127.0.0.1:${(app.server.address() as { port: number }).port}`;
  server.client = new SQSClient({
    endpoint: server.endpoint,
    region: "us-east-1",
    useQueueUrlAsEndpoint: false,
  });
  return server;
}

/** Settings of an engine on it; short waits, since nothing here is far away. */
export function sqsSettings(sqs: Sqs, given: Partial<Config["sqs"]>): Config["sqs"] {
  return { ...readConfig({}).sqs, endpoint: sqs.endpoint, region: "us-east-1", waitSeconds: 1, ...given };
}

export async function until(what: () => Promise<boolean> | boolean, seconds = 20): Promise<void> {
  for (let i = 0; i < seconds * 20; i++) {
    if (await what()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("waited in vain");
}
