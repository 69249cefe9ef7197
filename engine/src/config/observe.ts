/** Settings of what is told of the engine at work. */
import type { Config } from "../config.ts";
import { type Env, integer, oneOf, pattern } from "./env.ts";

export function metrics(env: Env): Config["metrics"] {
  const token = pattern(env, "METRICS_TOKEN", /^[\x21-\x7e]{16,}$/, "", "at least 16 characters without spaces");
  const port = integer(env, "METRICS_PORT", 0, 0, 65_535);
  return { token: token || null, port: port === 0 ? null : port };
}

export function tracing(env: Env): Config["tracing"] {
  const enabled = oneOf(env, "ENABLE_OTEL_TRACING", ["true", "false"], "false") === "true";
  const endpoint = pattern(
    env,
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    /^https?:\/\/[^\s]+$/,
    "http://localhost:4318",
    "an address that begins with http:// or https://",
  );
  const sampleRatio = integer(env, "OTEL_SAMPLE_PERCENT", 100, 0, 100) / 100;
  const service = env.OTEL_SERVICE_NAME || "billwright";
  return enabled ? { endpoint: endpoint.replace(/\/+$/, ""), service, sampleRatio } : null;
}

export function logRequests(env: Env): Config["logRequests"] {
  return oneOf(env, "LOG_REQUESTS", ["off", "trace", "debug", "info"], "debug");
}
