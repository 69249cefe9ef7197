/** Jobs of usage. */
import type { Task } from "../../jobs/task.ts";
import { backfillUsage } from "./backfill.ts";

export const usageTasks = {
  "backfill-usage": (ctx) => backfillUsage(ctx),
} satisfies Record<string, Task>;
