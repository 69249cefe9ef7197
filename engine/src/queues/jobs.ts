/** Jobs of messages: what waits in the database, and what was put aside. */

import { onPlatform } from "../db/pool.ts";
import { invalidField } from "../errors.ts";
import { writeJobs } from "../jobs/queue.ts";
import type { Task } from "../jobs/task.ts";
import { type Message, QUEUES, type QueueName, takeMessages } from "./messages.ts";
import { messageJobs } from "./postgres-queue.ts";

export const queueTasks = {
  "take-messages": async (ctx, payload) => {
    const queue = payload.queue as QueueName;
    if (!QUEUES.includes(queue)) throw invalidField("queue", `must be one of: ${QUEUES.join(", ")}`);
    const messages = payload.messages as Message[];
    const refusals = await takeMessages(ctx, queue, messages);
    const refused = messages.filter((_message, i) => refusals[i] !== null);
    if (refused.length === 0) return;
    if (messages.length === 1) throw refusals[0]!;
    // Each that is refused goes on alone, and the rest are done.
    await writeJobs(onPlatform(ctx.pool), messageJobs(queue, refused, 1));
  },
} satisfies Partial<Record<string, Task>>;
