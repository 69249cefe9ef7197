/** The pages of one tenant's billing, below /t/{tenant}: a customer's own, and what an operator sees of one. */
import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { requireSession, rootRoute } from "../../root-route.tsx";

const tenant = createRoute({
  getParentRoute: () => rootRoute,
  path: "/t/$tenant",
  beforeLoad: requireSession,
  component: lazyRouteComponent(() => import("./billing-frame.tsx"), "BillingFrame"),
});

const overview = createRoute({
  getParentRoute: () => tenant,
  path: "/",
  component: lazyRouteComponent(() => import("./overview.tsx"), "Overview"),
});

export const billingRoutes = tenant.addChildren([overview]);
