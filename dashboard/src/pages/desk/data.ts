/** What the operator's pages ask the engine. */
import { queryOptions } from "@tanstack/react-query";
import { engine } from "../../session/engine.ts";
import { timeText } from "../../text/time.ts";

/** The operator looks at many tenants: instants of the engine itself are told in UTC. */
export const utc = timeText("UTC");

const MINUTE = 60_000;

export const figures = {
  revenue: (granularity: "day" | "month") =>
    queryOptions({
      queryKey: ["desk", "revenue", granularity],
      staleTime: MINUTE,
      queryFn: ({ signal }) => engine.request("GET", "/v1/analytics/revenue", { query: { granularity }, signal }),
    }),
  subscriptions: () =>
    queryOptions({
      queryKey: ["desk", "subscriptions"],
      staleTime: MINUTE,
      queryFn: ({ signal }) => engine.request("GET", "/v1/analytics/subscriptions", { query: {}, signal }),
    }),
  payments: () =>
    queryOptions({
      queryKey: ["desk", "payments"],
      staleTime: MINUTE,
      queryFn: ({ signal }) => engine.request("GET", "/v1/analytics/payments", { query: {}, signal }),
    }),
  credits: () =>
    queryOptions({
      queryKey: ["desk", "credits"],
      staleTime: MINUTE,
      queryFn: ({ signal }) => engine.request("GET", "/v1/analytics/credits", { query: {}, signal }),
    }),
  usage: () =>
    queryOptions({
      queryKey: ["desk", "usage"],
      staleTime: MINUTE,
      queryFn: ({ signal }) => engine.request("GET", "/v1/analytics/usage", { query: {}, signal }),
    }),
};

/** `5.2 %`; a dash where it is a share of nothing. */
export function shareText(share: number | string | null): string {
  if (share === null) return "–";
  return `${new Intl.NumberFormat("en-US", { maximumFractionDigits: 1 }).format(Number(share) * 100)} %`;
}
