/** Jobs of subscriptions. */
import type { Task } from "../../jobs/task.ts";
import { renewDue } from "./renew.ts";

export const subscriptionTasks = {
  "renew-due": async (ctx) => void (await renewDue(ctx, { now: ctx.clock.now(), testClockId: null })),
} satisfies Partial<Record<string, Task>>;
