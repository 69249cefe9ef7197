/** What the stories of credits share: what a tenant has, and the sandbox's checkout page as a person uses it. */
import { onPool } from "../../src/db/pool.ts";
import type { World } from "../world.ts";

/** What can be spent, by source, asked of the books themselves: of grants that are neither expired nor to come. */
export async function creditsOf(world: World, tenantId: string, at: string): Promise<Record<string, number>> {
  const rows = await onPool(world.billing.ctx.pool).query<{ source: string; left: string }>(
    `select source, sum(remaining)::text as left from credit_grants_now
     where tenant_id = $1 and open and effective_at <= $2 and (expires_at is null or expires_at > $2) group by source order by source`,
    [tenantId, at],
  );
  return Object.fromEntries(rows.filter((row) => Number(row.left) > 0).map((row) => [row.source, Number(row.left)]));
}

/** The page behind a checkout's address: what it shows, and where its form leads. */
export function pageOf(world: World, url: string) {
  const path = new URL(url).pathname;
  const ask = async (method: "GET" | "POST", form?: Record<string, string>) => {
    const response = await world.billing.app.inject({
      method,
      url: path,
      ...(form === undefined
        ? {}
        : { headers: { "content-type": "application/x-www-form-urlencoded" }, payload: new URLSearchParams(form).toString() }),
    });
    return {
      status: response.statusCode,
      html: response.body,
      location: String(response.headers.location ?? ""),
      headers: response.headers,
    };
  };
  return {
    show: () => ask("GET"),
    pay: (card = "tok_visa") => ask("POST", { action: "pay", card }),
    cancel: () => ask("POST", { action: "cancel" }),
  };
}
