/**
 * Spans, by the API of OpenTelemetry alone. Without an SDK behind it (`otel.ts`, started by ENABLE_OTEL_TRACING) nothing is recorded, and the
 * work is run as if nothing of this were there.
 */
import {
  type Attributes,
  context,
  propagation,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Context as TraceContext,
  trace,
} from "@opentelemetry/api";
import { systemClock } from "../clock.ts";

let enabled = false;

export function enableTracing(on: boolean): void {
  enabled = on;
}

export const tracing = (): boolean => enabled;

const tracer = () => trace.getTracer("billwright");

export interface SpanOptions {
  attributes?: Attributes;
  kind?: SpanKind;
  parent?: TraceContext;
}

/** Runs the work in a span: it ends with the work, and has failed where that has. */
export async function inSpan<T>(name: string, options: SpanOptions, work: (span: Span | null) => Promise<T>): Promise<T> {
  if (!enabled) return work(null);
  const { attributes = {}, kind = SpanKind.INTERNAL, parent = context.active() } = options;
  const span = tracer().startSpan(name, { kind, attributes }, parent);
  try {
    return await context.with(trace.setSpan(parent, span), () => work(span));
  } catch (error) {
    fail(span, error);
    throw error;
  } finally {
    span.end();
  }
}

/** Of what took so long, and has just ended. */
export function pastSpan(name: string, attributes: Attributes, ms: number): void {
  if (!enabled) return;
  const now = systemClock.now();
  tracer()
    .startSpan(name, { kind: SpanKind.CLIENT, attributes, startTime: now - ms })
    .end(now);
}

export function fail(span: Span, error: unknown): void {
  // The kind of error alone: its words may have something of a customer.
  const code = (error as { code?: unknown } | null)?.code;
  span.setAttribute("error.type", typeof code === "string" ? code : ((error as Error | null)?.name ?? "error"));
  span.setStatus({ code: SpanStatusCode.ERROR });
}

/** A span that somebody else ends: of a request. */
export function startServerSpan(name: string, attributes: Attributes, headers: unknown): { span: Span; context: TraceContext } | null {
  if (!enabled) return null;
  const parent = propagation.extract(context.active(), headers);
  const span = tracer().startSpan(name, { kind: SpanKind.SERVER, attributes }, parent);
  return { span, context: trace.setSpan(parent, span) };
}

/** The name of the field of a job's payload by which its trace travels. */
const CARRIER = "traceparent";

/** A job's payload with the trace that caused it. */
export function carrying(payload: Record<string, unknown>): Record<string, unknown> {
  if (!enabled) return payload;
  const carrier: Record<string, string> = {};
  propagation.inject(context.active(), carrier);
  return carrier[CARRIER] === undefined ? payload : { ...payload, [CARRIER]: carrier[CARRIER] };
}

/** What `carrying` made, taken apart again, whether or not this process traces. */
export function carried(payload: Record<string, unknown>): { payload: Record<string, unknown>; parent: TraceContext } {
  const { [CARRIER]: traceparent, ...rest } = payload;
  if (typeof traceparent !== "string") return { payload, parent: context.active() };
  return { payload: rest, parent: enabled ? propagation.extract(context.active(), { traceparent }) : context.active() };
}

export function activeTraceId(): string | undefined {
  return enabled ? trace.getSpanContext(context.active())?.traceId : undefined;
}
