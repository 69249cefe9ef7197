/** Sessions of the customer portal. */
import { found, missing, type Route } from "../resource.ts";

export const portalSessions: readonly Route[] = [
  {
    method: "POST",
    path: "/v1/billing_portal/sessions",
    act({ form }, stripe) {
      const customer = String(form.customer);
      if (!stripe.objects.has(customer)) return missing("customer", customer, "customer");
      const id = stripe.id("bps");
      return found(
        stripe.put({
          id,
          object: "billing_portal.session",
          configuration: "bpc_loopback",
          created: stripe.now,
          customer,
          livemode: false,
          return_url: form.return_url ?? null,
          url: `https://billing.stripe.com/p/session/${id}`,
        }),
      );
    },
  },
];
