/** What is told of each HTTP request: metrics, a span, a line of the log. By its route, never by its address, which names tenants. */

import type { Span } from "@opentelemetry/api";
import { context, SpanStatusCode } from "@opentelemetry/api";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Context } from "../context.ts";
import type { Metrics } from "./metrics.ts";
import { type Count, enter, type Spread } from "./tally.ts";
import { activeTraceId, startServerSpan, tracing } from "./trace.ts";

const spans = new WeakMap<FastifyRequest, Span>();

export function observeRequests(app: FastifyInstance, ctx: Context): void {
  const level = ctx.config.logRequests;
  // A route's own, found by what it was registered with: names are joined and looked up once.
  const known = new WeakMap<object, Counted>();
  const ofRoute = (request: FastifyRequest, route: string): Counted => {
    const key = request.routeOptions.config;
    let own = known.get(key);
    if (!own || own.method !== request.method || own.route !== route) {
      own = countedOf(ctx.metrics, request.method, route);
      known.set(key, own);
    }
    return own;
  };
  app.addHook("onRequest", (request, _reply, done) => {
    if (!tracing()) return done();
    const route = routeOf(request);
    const started = startServerSpan(
      `${request.method} ${route}`,
      { "http.request.method": request.method, "http.route": route, "billwright.request_id": String(request.id) },
      request.headers,
    );
    if (!started) return done();
    spans.set(request, started.span);
    // All that the request does from here on, it does in its span.
    context.with(started.context, done);
  });
  app.addHook("onResponse", (request, reply, done) => {
    const route = routeOf(request);
    const ms = reply.elapsedTime;
    const counted = ofRoute(request, route);
    counted.count(reply.statusCode).value += 1;
    if (counted.spread) enter(counted.spread, ms / 1_000);
    const span = spans.get(request);
    const traceId = span?.spanContext().traceId ?? activeTraceId();
    if (span) {
      span.setAttribute("http.response.status_code", reply.statusCode);
      if (reply.statusCode >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
    }
    if (level !== "off") {
      const line = { request_id: request.id, method: request.method, route, status: reply.statusCode, ms: Number(ms.toFixed(1)) };
      ctx.log[level](traceId === undefined ? line : { ...line, trace_id: traceId }, "request");
    }
    done();
  });
}

interface Counted {
  method: string;
  route: string;
  count(status: number): Count;
  /** null: how long a live stream was open is not how long an answer took. */
  spread: Spread | null;
}

function countedOf({ requests, requestSeconds }: Metrics, method: string, route: string): Counted {
  const byStatus = new Map<number, Count>();
  return {
    method,
    route,
    spread: route.endsWith("/stream") ? null : requestSeconds.of([method, route]),
    count: (status) => {
      let count = byStatus.get(status);
      if (!count) {
        count = requests.of([method, route, String(status)]);
        byStatus.set(status, count);
      }
      return count;
    },
  };
}

/** An address that is none of ours is not made a label of. */
function routeOf(request: FastifyRequest): string {
  return request.is404 ? "none" : (request.routeOptions.url ?? "none");
}
