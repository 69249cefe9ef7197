/** The queues that the engine takes messages from, and what it makes of each message, whichever way it came. */
import { type QueuedMessage, takeQueued } from "../billing/usage/take-queued.ts";
import type { Context } from "../context.ts";
import { Refusal } from "../errors.ts";
import { takePayment, takeStripeEvent } from "./take-payment.ts";

export const QUEUES = ["usage", "stripe", "payments"] as const;
export type QueueName = (typeof QUEUES)[number];

export interface Message extends QueuedMessage {
  /** What was sent beside the body, by names in lower case: headers of a webhook. */
  attributes: Readonly<Record<string, string>>;
}

/**
 * One answer a message: null is done, a refusal says why it cannot be. Taken again, a message does nothing more. Throws what is no fault
 * of any message; which of them were done is then not known, and all are to be taken again.
 */
export async function takeMessages(ctx: Context, queue: QueueName, messages: readonly Message[]): Promise<(Refusal | null)[]> {
  if (queue === "usage") return takeQueued(ctx, messages);
  const take = queue === "stripe" ? takeStripeEvent : takePayment;
  return Promise.all(
    messages.map((message) =>
      take(ctx, message).then(
        () => null,
        (error: unknown) => {
          if (error instanceof Refusal && error.status < 500) return error;
          throw error;
        },
      ),
    ),
  );
}
