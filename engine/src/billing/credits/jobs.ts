/** Jobs of credits. */
import type { Task } from "../../jobs/task.ts";
import { expireDue } from "./expire.ts";

export const creditTasks = {
  "expire-credits": async (ctx) => void (await expireDue(ctx, { now: ctx.clock.now(), testClockId: null })),
} satisfies Partial<Record<string, Task>>;
