/** Around every page of the operator: where one is, and where one can go. */
import { Outlet } from "@tanstack/react-router";
import { Frame } from "../../parts/frame.tsx";

export function DeskFrame() {
  return (
    <Frame title="Billwright" nav={[{ to: "/desk", words: "Tenants", exact: true }]} wide>
      <Outlet />
    </Frame>
  );
}
