/** Jobs of webhooks that come in. Retries are a job of their own, which processes that are not to retry do not take on. */
import type { Task } from "../../jobs/task.ts";
import { dispatchInbound } from "./dispatch.ts";

export const inboundTasks = {
  "dispatch-inbound": async (ctx) => void (await dispatchInbound(ctx, "new")),
  "retry-inbound": async (ctx) => void (await dispatchInbound(ctx, "failed")),
} satisfies Partial<Record<string, Task>>;
