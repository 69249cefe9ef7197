/** The operator's pages, below /desk. */
import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { requireOperator, rootRoute } from "../../root-route.tsx";

const desk = createRoute({
  getParentRoute: () => rootRoute,
  path: "/desk",
  beforeLoad: requireOperator,
  component: lazyRouteComponent(() => import("./desk-frame.tsx"), "DeskFrame"),
});

const page = <P extends string>(path: P) => ({ getParentRoute: () => desk, path });

export const deskRoutes = desk.addChildren([
  createRoute({ ...page("/"), component: lazyRouteComponent(() => import("./overview.tsx"), "Overview") }),
  createRoute({ ...page("/tenants"), component: lazyRouteComponent(() => import("./tenants.tsx"), "Tenants") }),
  createRoute({ ...page("/tenants/$tenant"), component: lazyRouteComponent(() => import("./tenant.tsx"), "TenantPage") }),
  createRoute({ ...page("/invoices"), component: lazyRouteComponent(() => import("./invoices.tsx"), "InvoicesPage") }),
  createRoute({ ...page("/payments"), component: lazyRouteComponent(() => import("./payments.tsx"), "PaymentsPage") }),
  createRoute({ ...page("/catalog"), component: lazyRouteComponent(() => import("./catalog.tsx"), "CatalogPage") }),
  createRoute({ ...page("/quote"), component: lazyRouteComponent(() => import("./quote.tsx"), "QuotePage") }),
  createRoute({ ...page("/webhooks"), component: lazyRouteComponent(() => import("./webhooks.tsx"), "WebhooksPage") }),
  createRoute({ ...page("/alerts"), component: lazyRouteComponent(() => import("./alerts.tsx"), "AlertsPage") }),
  createRoute({ ...page("/jobs"), component: lazyRouteComponent(() => import("./jobs.tsx"), "JobsPage") }),
  createRoute({ ...page("/audit"), component: lazyRouteComponent(() => import("./audit.tsx"), "AuditPage") }),
  createRoute({ ...page("/keys"), component: lazyRouteComponent(() => import("./keys.tsx"), "KeysPage") }),
  createRoute({ ...page("/clocks"), component: lazyRouteComponent(() => import("./clocks.tsx"), "ClocksPage") }),
]);
