/**
 * Every metric of the engine, listed once. Labels are few and never a tenant: what has a value for each customer belongs into analytics.
 * The names of `billing_usage_ingest_total`, `billing_aggregate_duration_ms` and `billing_invoice_generated_total` are those that others use too.
 */
import { Counter, Histogram, type Tally } from "./tally.ts";

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const LONG_SECONDS = [0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300];
const MILLISECONDS = [1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 5_000];

export class Metrics {
  readonly usage = new Counter("billing_usage_ingest_total", "Usage events that were sent, by whether they were new.", ["outcome"]);
  readonly aggregates = new Histogram(
    "billing_aggregate_duration_ms",
    "How long it took to aggregate usage, in milliseconds.",
    MILLISECONDS,
    ["purpose"],
  );
  readonly invoices = new Counter("billing_invoice_generated_total", "Invoices that were issued.");
  readonly events = new Counter("billing_events_total", "Billing events, by type.", ["type"]);
  readonly requests = new Counter("billing_http_requests_total", "HTTP requests that were answered.", ["method", "route", "status"]);
  readonly requestSeconds = new Histogram("billing_http_request_duration_seconds", "How long it took to answer.", SECONDS, [
    "method",
    "route",
  ]);
  readonly commits = new Counter("billing_commits_total", "Writes through the one door, by what came of them.", ["outcome"]);
  readonly commitRetries = new Counter("billing_commit_retries_total", "Writes begun anew after a deadlock or a serialization failure.");
  readonly commitSeconds = new Histogram("billing_commit_duration_seconds", "How long writes took.", SECONDS);
  readonly jobs = new Counter("billing_jobs_total", "Runs of jobs, by outcome.", ["job", "outcome"]);
  readonly jobSeconds = new Histogram("billing_job_duration_seconds", "How long runs of jobs took.", LONG_SECONDS, ["job"]);
  readonly gatewayCalls = new Counter("billing_gateway_calls_total", "Calls of payment gateways, by what came of them.", [
    "gateway",
    "operation",
    "outcome",
  ]);
  readonly gatewaySeconds = new Histogram("billing_gateway_call_duration_seconds", "How long gateways took.", LONG_SECONDS, [
    "gateway",
    "operation",
  ]);
  readonly webhooksIn = new Counter("billing_webhooks_received_total", "Webhooks that came in.", ["gateway", "outcome"]);
  readonly webhooksDispatched = new Counter("billing_webhooks_dispatched_total", "Webhooks that were worked on.", ["gateway", "outcome"]);
  readonly deliveries = new Counter("billing_webhook_deliveries_total", "Attempts to deliver webhooks, by outcome.", ["outcome"]);
  readonly deliverySeconds = new Histogram("billing_webhook_delivery_duration_seconds", "How long endpoints took to answer.", LONG_SECONDS);

  /** All of them. */
  tallies(): Tally[] {
    return Object.values(this) as Tally[];
  }
}
