/** What the pages of one tenant ask the engine, each question once and under one name. */
import type { Answer } from "@billwright/client";
import { queryOptions, useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { engine, queries } from "../../session/engine.ts";
import { nameOfKey } from "../../text/quantity.ts";
import { type TimeText, timeText } from "../../text/time.ts";

export type Summary = Answer<"GET", "/v1/tenants/{tenant_id}/summary">;
export type Plan = Answer<"GET", "/v1/plans">["items"][number];
export type Invoice = Summary["open_invoices"][number];
export type Line = Invoice["lines"][number];
export type Check = Summary["entitlements"]["features"][string];

/** Everything asked about a tenant begins so: whatever happens to it makes all of it stale. */
export const about = (tenant: string, ...what: unknown[]) => ["t", tenant, ...what];

const CATALOG = 5 * 60_000;

export const ask = {
  tenant: (tenant: string) =>
    queryOptions({ queryKey: about(tenant, "tenant"), queryFn: ({ signal }) => engine.tenants.get(tenant, { signal }) }),
  summary: (tenant: string) =>
    queryOptions({
      queryKey: about(tenant, "summary"),
      queryFn: ({ signal }) => engine.request("GET", "/v1/tenants/{tenant_id}/summary", { path: { tenant_id: tenant }, signal }),
    }),
  plans: () => queryOptions({ queryKey: ["plans"], staleTime: CATALOG, queryFn: () => engine.plans.list({ limit: 100 }).all(500) }),
  features: () =>
    queryOptions({ queryKey: ["features"], staleTime: CATALOG, queryFn: () => engine.features.list({ limit: 100 }).all(500) }),
  meters: () => queryOptions({ queryKey: ["meters"], staleTime: CATALOG, queryFn: () => engine.meters.list({ limit: 100 }).all(500) }),
  products: () =>
    queryOptions({ queryKey: ["products"], staleTime: CATALOG, queryFn: () => engine.creditProducts.list({ limit: 100 }).all(500) }),
  topUpRules: (tenant: string) =>
    queryOptions({
      queryKey: about(tenant, "top-up-rules"),
      queryFn: async ({ signal }) => (await engine.credits.topUpRules(tenant, { signal })).items,
    }),
  methods: (tenant: string) =>
    queryOptions({ queryKey: about(tenant, "methods"), queryFn: ({ signal }) => engine.payments.methods(tenant, { signal }) }),
  invoices: (tenant: string, limit: number) =>
    queryOptions({
      queryKey: about(tenant, "invoices", limit),
      queryFn: async () => (await engine.invoices.list(tenant, { limit })).items,
    }),
  invoice: (tenant: string, id: string) =>
    queryOptions({
      queryKey: about(tenant, "invoice", id),
      queryFn: ({ signal }) => (id === UPCOMING ? engine.invoices.upcoming(tenant, {}, { signal }) : engine.invoices.get(id, { signal })),
    }),
  events: (tenant: string, limit: number) =>
    queryOptions({ queryKey: about(tenant, "events", limit), queryFn: async () => (await engine.events.list(tenant, { limit })).items }),
};

/** In place of an invoice's id: the one to come. */
export const UPCOMING = "upcoming";

/** Begun before the page's own code has arrived. */
export function askAhead(tenant: string): void {
  void queries.prefetchQuery(ask.tenant(tenant));
  void queries.prefetchQuery(ask.summary(tenant));
  void queries.prefetchQuery(ask.plans());
}

export interface Billing {
  tenant: string;
  name: string;
  currency: string;
  summary: Summary;
  /** What time it is for the tenant. */
  now: string;
  time: TimeText;
  planName: (key: string | null) => string;
  sandbox: boolean;
}

/** Of the tenant whose page this is; waits below the frame's boundary until it is there. */
export function useBilling(): Billing {
  const { tenant } = useParams({ from: "/t/$tenant" });
  const { data: of } = useSuspenseQuery(ask.tenant(tenant));
  const { data: summary } = useSuspenseQuery(ask.summary(tenant));
  const plans = useQuery(ask.plans()).data ?? [];
  return {
    tenant,
    name: of.name ?? tenant,
    // Without a subscription the plan that is shown is somebody's default one, in whichever currency.
    currency: (summary.subscription.id === null ? null : summary.subscription.currency) ?? of.currency ?? "usd",
    summary,
    now: summary.now,
    time: timeText(of.time_zone),
    planName: (key) => (key === null ? "No plan" : (plans.find((plan) => plan.key === key)?.name ?? nameOfKey(key))),
    sandbox: summary.mode === "sandbox",
  };
}

/** After a change: all of it is asked for anew. */
export function refresh(tenant: string): Promise<void> {
  return queries.invalidateQueries({ queryKey: ["t", tenant] });
}

/** What can be paid now: the oldest open invoice with something due; null: nothing. */
export function dueOf(summary: Summary): Invoice | null {
  return [...summary.open_invoices].reverse().find((invoice) => invoice.amount_due > 0) ?? null;
}
