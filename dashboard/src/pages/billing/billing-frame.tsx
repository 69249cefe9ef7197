import { Outlet } from "@tanstack/react-router";
import { Frame } from "../../parts/frame.tsx";
export function BillingFrame() {
  return (
    <Frame title="Billing" nav={[]}>
      <Outlet />
    </Frame>
  );
}
