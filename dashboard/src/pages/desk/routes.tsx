/** The operator's pages, below /desk. */
import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { requireOperator, rootRoute } from "../../root-route.tsx";

const desk = createRoute({
  getParentRoute: () => rootRoute,
  path: "/desk",
  beforeLoad: requireOperator,
  component: lazyRouteComponent(() => import("./desk-frame.tsx"), "DeskFrame"),
});

const tenants = createRoute({
  getParentRoute: () => desk,
  path: "/",
  component: lazyRouteComponent(() => import("./tenants.tsx"), "Tenants"),
});

export const deskRoutes = desk.addChildren([tenants]);
