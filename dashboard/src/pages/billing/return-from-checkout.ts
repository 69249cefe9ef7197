/** Back from the gateway's page: what came of it is asked at once, so that nobody waits for the gateway to report it. */
import { useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";
import { complain, say } from "../../parts/toast.tsx";
import { engine } from "../../session/engine.ts";
import { refresh } from "./data.ts";

export function useReturnFromCheckout(tenant: string): void {
  const navigate = useNavigate();
  useEffect(() => {
    const id = new URLSearchParams(location.search).get("checkout_id");
    if (id === null) return;
    void navigate({ to: location.pathname, search: {}, replace: true });
    engine
      .request("GET", "/v1/tenants/{tenant_id}/checkouts/{id}", { path: { tenant_id: tenant, id } })
      .then(async ({ status, kind, failure }) => {
        await refresh(tenant);
        if (status === "completed") say(kind === "plan" ? "It has begun." : "Paid. The credits are here.");
        else if (status === "open") say("The payment is not settled yet. What came of it appears here by itself.");
        else if (failure === null) say("Nothing was paid.");
        else complain(new Error(failure));
      })
      .catch(complain);
  }, [navigate, tenant]);
}
