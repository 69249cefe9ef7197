/** The one client of the pages, and what they ask by it. */
import { Billwright, BillwrightError } from "@billwright/client";
import { QueryCache, QueryClient } from "@tanstack/react-query";
import { begin, end, type Session, session } from "./session.ts";

const NOBODY = "nobody";

/** Where the pages come from is where the engine is. Nothing is recorded from here, so no spool waits in the browser's storage. */
export const engine = new Billwright({
  url: location.origin,
  apiKey: () => session()?.token ?? NOBODY,
  usage: { spool: "memory" },
});

/** The client sends again by itself what an outage kept; a refusal stays one. */
export const queries = new QueryClient({
  queryCache: new QueryCache({
    onError: (error) => {
      if (error instanceof BillwrightError && error.code === "unauthenticated" && session()) end("expired");
    },
  }),
  defaultOptions: { queries: { retry: false, staleTime: 15_000, refetchOnWindowFocus: true } },
});

/** Uses the link up. */
export async function signInByLink(token: string): Promise<Session> {
  const answer = await engine.request("POST", "/v1/sessions", { body: { token }, retries: 0 });
  const made: Session = {
    token: answer.access_token,
    tenantId: answer.tenant_id,
    role: answer.role,
    returnUrl: answer.return_url,
    expiresAt: answer.expires_at,
  };
  queries.clear();
  begin(made);
  return made;
}

/** A key of the platform, or a person's token. Throws where the engine does not take it. */
export async function signInByKey(key: string): Promise<Session> {
  const made: Session = { token: key, returnUrl: null, expiresAt: null, ...holderOf(key) };
  const trial = new Billwright({ url: location.origin, apiKey: key, usage: { spool: "memory" } });
  if (made.tenantId === null) await trial.tenants.list({ limit: 1 });
  else await trial.tenants.get(made.tenantId);
  queries.clear();
  begin(made);
  return made;
}

/** A token says whose it is; it is the engine that believes it or not. */
function holderOf(key: string): Pick<Session, "tenantId" | "role"> {
  const body = /^eyJ[\w-]*\.([\w-]+)\./.exec(key)?.[1];
  if (body === undefined) return { tenantId: null, role: "platform_admin" };
  try {
    const claims = JSON.parse(atob(body.replaceAll("-", "+").replaceAll("_", "/"))) as { tenant_id?: string; role?: Session["role"] };
    const role = claims.role ?? "viewer";
    return { tenantId: role === "platform_admin" ? null : (claims.tenant_id ?? null), role };
  } catch {
    return { tenantId: null, role: "viewer" };
  }
}

export async function signOut(): Promise<void> {
  const was = session();
  end("left");
  queries.clear();
  if (!was?.token.startsWith("bw_sess_")) return;
  // By then this page has no session to send; the one that ends is named.
  const leaving = new Billwright({ url: location.origin, apiKey: was.token, usage: { spool: "memory" } });
  await leaving.request("DELETE", "/v1/sessions/current").catch(() => undefined);
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
