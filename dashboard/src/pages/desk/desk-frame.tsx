/** Around every page of the operator: where one is, and where one can go. */
import { Outlet } from "@tanstack/react-router";
import { Frame, type Way } from "../../parts/frame.tsx";

const WAYS: readonly Way[] = [
  { to: "/desk", words: "Overview", exact: true },
  { to: "/desk/tenants", words: "Tenants" },
  { to: "/desk/invoices", words: "Invoices" },
  { to: "/desk/payments", words: "Payments" },
  { to: "/desk/catalog", words: "Catalog" },
  { to: "/desk/quote", words: "Quote" },
  { to: "/desk/webhooks", words: "Webhooks" },
  { to: "/desk/alerts", words: "Alerts" },
  { to: "/desk/jobs", words: "Jobs" },
  { to: "/desk/audit", words: "Audit log" },
  { to: "/desk/keys", words: "API keys" },
  { to: "/desk/clocks", words: "Clocks" },
];

export function DeskFrame() {
  return (
    <Frame title="Billwright" nav={WAYS} wide>
      <Outlet />
    </Frame>
  );
}
