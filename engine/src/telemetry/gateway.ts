/** What is told of each call of a gateway: metrics and a span. By its operation and what came of it; nothing of what was sent. */
import { SpanKind } from "@opentelemetry/api";
import type { PaymentGateway } from "../billing/payments/gateway.ts";
import { stopwatch } from "../clock.ts";
import type { Metrics } from "./metrics.ts";
import { inSpan, pastSpan } from "./trace.ts";

/** The same gateway, watched. */
export function watchGateway(gateway: PaymentGateway, metrics: Metrics): PaymentGateway {
  const watch = <T extends object>(target: T, prefix: string): T =>
    new Proxy(target, {
      get(object, key) {
        const value: unknown = Reflect.get(object, key);
        if (typeof key !== "string") return value;
        // What a gateway can do beside charging stands together: orders.
        if (value !== null && typeof value === "object") return watch(value, `${wordsOf(key).replace(/s$/, "")}_`);
        // The one question that a gateway answers by itself, at once.
        if (typeof value !== "function" || key === "testMethod") return value;
        return (...given: unknown[]) => observe(gateway.name, `${prefix}${wordsOf(key)}`, metrics, () => value.apply(object, given));
      },
    });
  return watch(gateway, "");
}

async function observe(gateway: string, operation: string, metrics: Metrics, call: () => unknown): Promise<unknown> {
  const time = stopwatch();
  let outcome = "error";
  try {
    return await inSpan(
      `gateway ${gateway} ${operation}`,
      { kind: SpanKind.CLIENT, attributes: { "billwright.gateway": gateway, "billwright.operation": operation } },
      async (span) => {
        const answer = await call();
        outcome = outcomeOf(answer);
        span?.setAttribute("billwright.outcome", outcome);
        return answer;
      },
    );
  } finally {
    metrics.gatewayCalls.add([gateway, operation, outcome]);
    metrics.gatewaySeconds.observe([gateway, operation], time() / 1_000);
  }
}

/** Of a client that says of each call what came of it, once it has: its span is written afterwards. */
export function noteCalls(metrics: Metrics): (call: { gateway: string; operation: string; outcome: string; ms: number }) => void {
  return ({ gateway, operation, outcome, ms }) => {
    metrics.gatewayCalls.add([gateway, operation, outcome]);
    metrics.gatewaySeconds.observe([gateway, operation], ms / 1_000);
    pastSpan(
      `gateway ${gateway} ${operation}`,
      { "billwright.gateway": gateway, "billwright.operation": operation, "billwright.outcome": outcome },
      ms,
    );
  };
}

/** Of the closed set of facts that gateways answer with; else that there was an answer, or none. */
function outcomeOf(answer: unknown): string {
  if (answer === null || answer === undefined) return "none";
  const status = (answer as { status?: unknown }).status;
  return typeof status === "string" ? status : "answered";
}

const wordsOf = (key: string) => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
