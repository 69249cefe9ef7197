/**
 * What Stripe tells of subscriptions that it runs: that something happened, and to what. What it then is, is read anew, so that the order
 * of events, and the shape of an older API version, do not matter. Pure.
 */
import type { Report } from "../../billing/subscriptions/processor.ts";
import type { Fact } from "../../webhooks/inbound/adapter.ts";
import { expandedIn, idIn, type Json } from "./objects.ts";

export function report(of: Partial<Report>): Fact {
  return { kind: "report", report: { subscription: null, invoice: null, ...of } };
}

/** Of an invoice: under `parent` since 2025, beside it before. A draft that was deleted can be asked for no more, its subscription can. */
export function subscriptionOf(invoice: Json): string | null {
  const parent = expandedIn(invoice, "parent");
  const details = parent && expandedIn(parent, "subscription_details");
  return (details && idIn(details, "subscription")) ?? idIn(invoice, "subscription");
}
