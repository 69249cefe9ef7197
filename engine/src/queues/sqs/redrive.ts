/** Whether a queue puts bad messages aside by itself. */
import type { Sqs } from "./client.ts";

/** False, and told, where the queue does not say: then the engine does it. */
export async function readRedrive({ client, library }: Sqs, queueUrl: string, onTrouble: (error: Error) => void): Promise<boolean> {
  try {
    const command = new library.GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ["RedrivePolicy"] });
    const { Attributes } = await client.send(command);
    return Boolean(Attributes?.RedrivePolicy);
  } catch (error) {
    onTrouble(error as Error);
    return false;
  }
}
