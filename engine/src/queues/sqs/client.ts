/** The way to SQS. The library is loaded by whoever configures a queue, and by nobody else. */
import type { SQSClient } from "@aws-sdk/client-sqs";
import type { SqsSettings } from "../../config/queues.ts";

export type Library = typeof import("@aws-sdk/client-sqs");

export interface Sqs {
  client: SQSClient;
  library: Library;
}

/** Credentials are found where Amazon's own programs find them. */
export async function connectSqs(settings: SqsSettings, queueUrl: string): Promise<Sqs> {
  const library = await import("@aws-sdk/client-sqs");
  const client = new library.SQSClient({
    region: settings.region ?? regionOf(queueUrl) ?? "us-east-1",
    ...(settings.endpoint === null ? {} : { endpoint: settings.endpoint, useQueueUrlAsEndpoint: false }),
    // A long poll takes as long as it waits.
    requestHandler: { connectionTimeout: 3_000, requestTimeout: settings.waitSeconds * 1_000 + 10_000 },
  });
  return { client, library };
}

/** `https://sqs.eu-west-1.amazonaws.com/123456789012/usage` → `eu-west-1`. */
export function regionOf(queueUrl: string): string | null {
  return /^https?:\/\/(?:sqs\.([a-z0-9-]+)|([a-z0-9-]+)\.queue)\./.exec(queueUrl)?.slice(1).find(Boolean) ?? null;
}

/** A queue whose messages have an order, by group. */
export function isFifo(queueUrl: string): boolean {
  return queueUrl.endsWith(".fifo");
}

/** JSON as SQS takes it: two characters are refused by it, and may be written otherwise. */
export function printable(json: string): string {
  return json.replace(/[\ufffe\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16)}`);
}
