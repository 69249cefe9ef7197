/** Jobs of webhooks that go out. Sending goes on by itself in each process that works on jobs; the job sees to it that none sleeps over a word that was lost. */
import type { Task } from "../../jobs/task.ts";
import { forgetDeliveries } from "./forget.ts";

export const outboundTasks = {
  "send-webhooks": async (ctx) => ctx.webhooks.look(),
  "forget-deliveries": forgetDeliveries,
} satisfies Partial<Record<string, Task>>;
