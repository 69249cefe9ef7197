/** The tenant's events as they happen: each makes what is on the page stale, and the newest are there to be shown. */
import type { BillingEvent } from "@billwright/client";
import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from "react";
import { engine } from "../../session/engine.ts";
import { refresh } from "./data.ts";

interface Live {
  state: "connecting" | "open" | "lost";
  /** Since the page was opened, newest first. */
  events: readonly BillingEvent[];
}

const KEPT = 100;
/** Events come in bundles: an invoice that is paid is four of them. */
const SETTLE_MS = 300;
const LiveContext = createContext<Live>({ state: "connecting", events: [] });

export function useLive(): Live {
  return useContext(LiveContext);
}

export function LiveEvents({ tenant, children }: { tenant: string; children: ReactNode }) {
  const [state, setState] = useState<Live["state"]>("connecting");
  const [events, setEvents] = useState<readonly BillingEvent[]>([]);
  useEffect(() => {
    const over = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    setEvents([]);
    const follow = async () => {
      for await (const event of engine.events.stream(tenant, {
        signal: over.signal,
        onConnection: (next) => setState(next),
      })) {
        setEvents((known) => [event, ...known].slice(0, KEPT));
        clearTimeout(timer);
        timer = setTimeout(() => void refresh(tenant), SETTLE_MS);
      }
    };
    // Without a stream (they may be switched off) the page is as it was loaded, and asks anew when somebody comes back to it.
    follow().catch(() => setState("lost"));
    return () => {
      over.abort();
      clearTimeout(timer);
    };
  }, [tenant]);
  const value = useMemo(() => ({ state, events }), [state, events]);
  return <LiveContext value={value}>{children}</LiveContext>;
}
