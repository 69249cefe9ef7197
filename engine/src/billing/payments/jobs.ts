/** Jobs of payments. */
import type { Task } from "../../jobs/task.ts";
import { collectDue } from "./collect.ts";

export const paymentTasks = {
  "collect-due": async (ctx) => void (await collectDue(ctx)),
} satisfies Partial<Record<string, Task>>;
