/** Jobs of invoices. */
import type { Task } from "../../jobs/task.ts";
import { retryDue } from "./retry.ts";

export const invoiceTasks = {
  "retry-due": async (ctx) => void (await retryDue(ctx, { now: ctx.clock.now(), testClockId: null })),
} satisfies Partial<Record<string, Task>>;
