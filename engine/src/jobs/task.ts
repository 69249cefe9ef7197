/** What a job runs. */
import type { Context } from "../context.ts";

export type Task = (ctx: Context, payload: Record<string, unknown>) => Promise<void>;
