/** Jobs of alerts: the look at one thing, the sweeps, the mail. */
import type { Task } from "../jobs/task.ts";
import { type Look, lookForAlert } from "./look.ts";
import { sendAlert } from "./send-alert.ts";
import { sweepCredits } from "./sweep-credits.ts";
import { sweepUsage } from "./sweep-usage.ts";

export const alertTasks = {
  "look-for-alert": (ctx, payload) => lookForAlert(ctx, payload as unknown as Look),
  "sweep-alerts": (ctx) => sweepCredits(ctx),
  "sweep-usage-alerts": (ctx) => sweepUsage(ctx),
  "send-alert": (ctx, { alert }) => sendAlert(ctx, String(alert)),
} satisfies Partial<Record<string, Task>>;
