/** Jobs of entitlements. */
import type { Task } from "../../jobs/task.ts";
import { sweepLimits } from "./sweep-limits.ts";

export const entitlementTasks = {
  "sweep-limits": (ctx) => sweepLimits(ctx),
} satisfies Record<string, Task>;
