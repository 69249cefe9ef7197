/** Every page by its address. Pages are loaded when somebody goes to them, or points at a link to them. */
import { createRoute, createRouter, lazyRouteComponent, redirect } from "@tanstack/react-router";
import { billingRoutes } from "./pages/billing/routes.tsx";
import { deskRoutes } from "./pages/desk/routes.tsx";
import { Portal } from "./pages/portal.tsx";
import { rootRoute } from "./root-route.tsx";
import { session } from "./session/session.ts";

const home = createRoute({
  getParentRoute: () => rootRoute,
  path: "/",
  beforeLoad: () => {
    const holder = session();
    if (!holder) throw redirect({ to: "/sign-in" });
    if (holder.tenantId === null) throw redirect({ to: "/desk" });
    throw redirect({ to: "/t/$tenant", params: { tenant: holder.tenantId } });
  },
});

const portal = createRoute({ getParentRoute: () => rootRoute, path: "/portal", component: Portal });

const signIn = createRoute({
  getParentRoute: () => rootRoute,
  path: "/sign-in",
  component: lazyRouteComponent(() => import("./pages/sign-in.tsx"), "SignIn"),
});

export const router = createRouter({
  routeTree: rootRoute.addChildren([home, portal, signIn, billingRoutes, deskRoutes]),
  defaultPreload: "intent",
  defaultPreloadStaleTime: 0,
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
