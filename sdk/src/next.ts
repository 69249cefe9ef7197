/**
 * Quotas and features in Next.js route handlers:
 *
 *     const { requireQuota } = guards(client, { tenant: (request) => request.headers.get("x-organization") });
 *     export const GET = requireQuota("reports", { window: "day" })(async (request) => Response.json(…));
 */
import type { NextRequest } from "next/server.js";
import { decideFeature, decideQuota, type Granted, type Guarding, type GuardOptions, type Guards, type Verdict } from "./quota.ts";

/** A route handler; what Next gives it after the request is handed on. */
export type RouteHandler<Rest extends unknown[] = unknown[]> = (request: NextRequest, ...rest: Rest) => Response | Promise<Response>;

/** Puts the guard before a handler. */
export type Wrap = <Rest extends unknown[]>(handler: RouteHandler<Rest>) => (request: NextRequest, ...rest: Rest) => Promise<Response>;

const granted = new WeakMap<object, Granted>();

export function guards(client: Guarding, defaults: GuardOptions<NextRequest>): Guards<NextRequest, Wrap> {
  const guard =
    (decide: (request: NextRequest) => Promise<Verdict>): Wrap =>
    (handler) =>
    async (request, ...rest) => {
      const verdict = await decide(request);
      if (!verdict.ok) return new Response(JSON.stringify(verdict.problem), { status: verdict.status, headers: verdict.headers });
      granted.set(request, verdict.granted);
      return withHeaders(await handler(request, ...rest), verdict.headers);
    };
  return {
    requireQuota: (feature, options = {}) => guard((request) => decideQuota(client, feature, { ...defaults, ...options }, request)),
    requireFeature: (feature, options = {}) => guard((request) => decideFeature(client, feature, { ...defaults, ...options }, request)),
  };
}

/** What the last guard of this request decided. */
export function grantedOf(request: NextRequest): Granted | null {
  return granted.get(request) ?? null;
}

/** The headers of a redirect or of a fetched answer may not be changed. */
function withHeaders(response: Response, headers: Record<string, string>): Response {
  if (Object.keys(headers).length === 0) return response;
  try {
    for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
    return response;
  } catch {
    const copy = new Headers(response.headers);
    for (const [name, value] of Object.entries(headers)) copy.set(name, value);
    return new Response(response.body, { status: response.status, statusText: response.statusText, headers: copy });
  }
}
