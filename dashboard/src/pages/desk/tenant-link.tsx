/** A tenant's name, or its id, and the way to everything about it. */
import { Link } from "@tanstack/react-router";

export function TenantLink({ id, name }: { id: string | null; name?: string | null }) {
  if (id === null) return <span className="text-ink-faint">–</span>;
  return (
    <Link to="/desk/tenants/$tenant" params={{ tenant: id }} className="font-semibold text-accent hover:underline">
      {name ?? id}
    </Link>
  );
}
