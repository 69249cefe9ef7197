/** Around every page of a tenant's billing: its name, its ways, and what is waited for before any of them can show anything. */
import { QueryErrorResetBoundary } from "@tanstack/react-query";
import { CatchBoundary, Link, Outlet, useParams } from "@tanstack/react-router";
import { ChevronLeft } from "lucide-react";
import { Suspense } from "react";
import { Frame } from "../../parts/frame.tsx";
import { Failure, Loading } from "../../parts/states.tsx";
import { useSession } from "../../session/session.ts";
import { useBilling } from "./data.ts";
import { LiveEvents } from "./live.tsx";
import { useReturnFromCheckout } from "./return-from-checkout.ts";

const PAGES = [
  ["/t/$tenant", "Overview"],
  ["/t/$tenant/plan", "Plan"],
  ["/t/$tenant/usage", "Usage"],
  ["/t/$tenant/credits", "Credits"],
  ["/t/$tenant/invoices", "Invoices"],
  ["/t/$tenant/payment", "Payment"],
  ["/t/$tenant/activity", "Activity"],
] as const;

export function BillingFrame() {
  const { tenant } = useParams({ from: "/t/$tenant" });
  useReturnFromCheckout(tenant);
  const isOperator = useSession()?.tenantId === null;
  return (
    <LiveEvents tenant={tenant}>
      <Frame
        title={
          <Suspense fallback="Billing">
            <CatchBoundary getResetKey={() => tenant} errorComponent={() => <>{tenant}</>}>
              <Name />
            </CatchBoundary>
          </Suspense>
        }
        nav={PAGES.map(([to, words]) => ({ to, params: { tenant }, words, exact: words === "Overview" }))}
        back={
          isOperator && (
            <Link
              to="/desk"
              className="flex items-center gap-1 rounded-control px-2 py-1.5 text-small font-semibold text-ink-soft hover:bg-sunken hover:text-ink"
            >
              <ChevronLeft aria-hidden className="size-4" />
              <span className="max-sm:sr-only">Desk</span>
            </Link>
          )
        }
      >
        <QueryErrorResetBoundary>
          {({ reset }) => (
            <CatchBoundary
              getResetKey={() => tenant}
              errorComponent={({ error, reset: again }) => (
                <Failure
                  error={error}
                  retry={() => {
                    reset();
                    again();
                  }}
                />
              )}
            >
              <Suspense fallback={<Loading lines={8} className="max-w-3xl" />}>
                <Outlet />
              </Suspense>
            </CatchBoundary>
          )}
        </QueryErrorResetBoundary>
      </Frame>
    </LiveEvents>
  );
}

function Name() {
  const { name, sandbox } = useBilling();
  return (
    <span className="flex items-center gap-2.5">
      <span className="truncate">{name}</span>
      {sandbox && (
        <span className="rounded-full border border-line-strong px-2 text-tiny font-semibold text-ink-soft max-sm:hidden">Sandbox</span>
      )}
    </span>
  );
}
