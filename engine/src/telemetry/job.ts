/** What is told of each run of a job: metrics, and a span of the trace that caused it. */
import { SpanKind } from "@opentelemetry/api";
import { stopwatch } from "../clock.ts";
import type { Context } from "../context.ts";
import type { Task } from "../jobs/task.ts";
import { carried, inSpan } from "./trace.ts";

export function observed(name: string, task: Task): Task {
  return async (ctx: Context, given: Record<string, unknown>) => {
    const { payload, parent } = carried(given);
    const time = stopwatch();
    let outcome = "succeeded";
    try {
      await inSpan(`job ${name}`, { kind: SpanKind.CONSUMER, parent, attributes: { "billwright.job": name } }, () => task(ctx, payload));
    } catch (error) {
      outcome = "failed";
      throw error;
    } finally {
      ctx.metrics.jobs.add([name, outcome]);
      ctx.metrics.jobSeconds.observe([name], time() / 1_000);
    }
  };
}
