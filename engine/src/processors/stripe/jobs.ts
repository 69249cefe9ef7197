/** Jobs of what is asked of a processor, and of what it should have told. */
import type { Task } from "../../jobs/task.ts";
import { notifyDue } from "./notify.ts";
import { performDue } from "./perform.ts";
import { stripeParts } from "./processor.ts";
import { askDue } from "./reconciler.ts";
import { sendUsage } from "./send-usage.ts";
import { takeUsage } from "./take-usage.ts";
import { undoDue } from "./undo.ts";
import { withdrawDue } from "./withdraw.ts";

export const processorTasks = {
  "processor-due": async (ctx) => {
    const parts = stripeParts(ctx);
    if (!parts) return;
    await performDue(ctx, parts);
    await notifyDue(ctx, parts);
    await withdrawDue(ctx, parts);
    await undoDue(ctx, parts);
  },
  "processor-usage": async (ctx) => {
    const parts = stripeParts(ctx);
    if (!parts) return;
    await takeUsage(ctx);
    await sendUsage(ctx, parts);
  },
  "processor-missed": async (ctx) => {
    const parts = stripeParts(ctx);
    if (parts) await askDue(ctx, parts);
  },
} satisfies Partial<Record<string, Task>>;
