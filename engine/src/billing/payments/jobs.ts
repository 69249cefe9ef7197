/** Jobs of payments. */
import type { Task } from "../../jobs/task.ts";
import { collectDue } from "./collect.ts";
import { refundDue } from "./give-back.ts";

export const paymentTasks = {
  "collect-due": async (ctx) => void (await collectDue(ctx)),
  "refund-due": async (ctx) => void (await refundDue(ctx)),
} satisfies Partial<Record<string, Task>>;
