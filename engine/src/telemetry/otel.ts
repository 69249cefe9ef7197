/** The SDK behind the spans: loaded only where ENABLE_OTEL_TRACING says so. Spans go to the collector in batches, and are lost rather than waited for. */
import { context, propagation, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchSpanProcessor, ParentBasedSampler, TraceIdRatioBasedSampler, TracerProvider } from "@opentelemetry/sdk-trace";
import type { Config } from "../config.ts";
import { enableTracing } from "./trace.ts";

export interface Tracing {
  /** What is not sent yet goes out; a collector that does not answer is not waited for long. */
  stop(): Promise<void>;
}

export function startTracing({ endpoint, service, sampleRatio }: Config["tracing"] & object, role: string): Tracing {
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ "service.name": service, "billwright.role": role }),
    // Who asks decides, where a request says so.
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(sampleRatio) }),
    spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter({ url: `${endpoint}/v1/traces`, timeoutMillis: 5_000 }) })],
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(provider);
  enableTracing(true);
  return {
    stop: async () => {
      enableTracing(false);
      await provider.shutdown().catch(() => undefined);
      trace.disable();
      context.disable();
      propagation.disable();
    },
  };
}
