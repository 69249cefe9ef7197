/** Jobs of what is asked of a processor, and of what it should have told. */
import type { Task } from "../../jobs/task.ts";
import { performDue } from "./perform.ts";
import { stripeParts } from "./processor.ts";
import { askDue } from "./reconciler.ts";

export const processorTasks = {
  "processor-due": async (ctx) => {
    const parts = stripeParts(ctx);
    if (parts) await performDue(ctx, parts);
  },
  "processor-missed": async (ctx) => {
    const parts = stripeParts(ctx);
    if (parts) await askDue(ctx, parts);
  },
} satisfies Partial<Record<string, Task>>;
