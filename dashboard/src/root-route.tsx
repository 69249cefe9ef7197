/** What all pages hang on, and who may pass from one to the next. */
import { createRootRoute, Outlet, redirect } from "@tanstack/react-router";
import { NotFound } from "./pages/not-found.tsx";
import { Failure } from "./parts/states.tsx";
import { session } from "./session/session.ts";

export const rootRoute = createRootRoute({
  component: Outlet,
  notFoundComponent: NotFound,
  errorComponent: ({ error }) => (
    <main className="mx-auto max-w-xl p-6">
      <Failure error={error} title="This page could not be shown" retry={() => location.reload()} />
    </main>
  ),
});

/** For `beforeLoad`: nobody sees a page before they are signed in; the operator's own are for the operator. */
export function requireSession(): void {
  if (!session()) throw redirect({ to: "/sign-in" });
}

export function requireOperator(): void {
  requireSession();
  const tenantId = session()?.tenantId;
  if (tenantId) throw redirect({ to: "/t/$tenant", params: { tenant: tenantId } });
}
