/** The pages of one tenant's billing, below /t/{tenant}: a customer's own, and what an operator sees of one. */
import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { requireSession, rootRoute } from "../../root-route.tsx";
import { askAhead } from "./data.ts";

const tenant = createRoute({
  getParentRoute: () => rootRoute,
  path: "/t/$tenant",
  beforeLoad: requireSession,
  loader: ({ params }) => askAhead(params.tenant),
  component: lazyRouteComponent(() => import("./billing-frame.tsx"), "BillingFrame"),
});

const page = <P extends string>(path: P) => ({ getParentRoute: () => tenant, path });

export const billingRoutes = tenant.addChildren([
  createRoute({ ...page("/"), component: lazyRouteComponent(() => import("./overview.tsx"), "Overview") }),
  createRoute({ ...page("/plan"), component: lazyRouteComponent(() => import("./plan.tsx"), "PlanPage") }),
  createRoute({ ...page("/usage"), component: lazyRouteComponent(() => import("./usage.tsx"), "UsagePage") }),
  createRoute({ ...page("/credits"), component: lazyRouteComponent(() => import("./credits.tsx"), "CreditsPage") }),
  createRoute({ ...page("/invoices"), component: lazyRouteComponent(() => import("./invoices.tsx"), "InvoicesPage") }),
  createRoute({ ...page("/invoices/$invoice"), component: lazyRouteComponent(() => import("./invoice.tsx"), "InvoicePage") }),
  createRoute({ ...page("/payment"), component: lazyRouteComponent(() => import("./payment.tsx"), "PaymentPage") }),
  createRoute({ ...page("/activity"), component: lazyRouteComponent(() => import("./activity.tsx"), "ActivityPage") }),
]);
