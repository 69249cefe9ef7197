/** Jobs of usage. */
import type { Task } from "../../jobs/task.ts";
import { aggregateDaily } from "./aggregate-daily.ts";
import { backfillUsage } from "./backfill.ts";

export const usageTasks = {
  "backfill-usage": (ctx) => backfillUsage(ctx),
  aggregate_daily: async (ctx, payload) => void (await aggregateDaily(ctx, payload)),
} satisfies Record<string, Task>;
