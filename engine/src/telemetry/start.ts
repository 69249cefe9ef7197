/** What of telemetry runs beside the work: the sender of spans, and the listener for metrics. */
import type { Config } from "../config.ts";
import type { Context } from "../context.ts";
import { serveMetrics } from "./metrics-routes.ts";

type Ends = (() => Promise<unknown>)[];

/** Before anything that could be traced. Its library is loaded only here. */
export async function openTelemetry({ tracing, role }: Config, ends: Ends): Promise<void> {
  if (tracing === null) return;
  const { startTracing } = await import("./otel.ts");
  const started = startTracing(tracing, role);
  ends.push(() => started.stop());
}

export async function serveOwnMetrics(ctx: Context, ends: Ends): Promise<void> {
  if (ctx.config.metrics.port === null) return;
  const server = await serveMetrics(ctx, ctx.config.metrics.port);
  ends.push(() => server.close());
}
